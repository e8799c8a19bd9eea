"""Odd inputs in every address, query string and field of the admin: refused, and never a 5xx."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.db.models import ForeignKey, IntegerField, Model
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from games.tests.cast import Cast, cast, client_of, db, module_cast, module_world, world
from games.tests.odd_forms import Findings, changes_of, shown_forms
from gamesched.testing.odd_inputs import SHORT_ODD_INPUTS, as_sent

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures

pytestmark = pytest.mark.slow

LONG = "9" * 5000  # more digits than Python turns into a number
PARAMETERS = (
    "page", "before", "show", "q", "template", "from", "to", "start", "d", "next", "p", "o", "e", "all", "_popup",
    "_to_field", "_facets", "_changelist_filters", "app_label", "model_name", "field_name", "term", "format", "code",
    "state", "error", "process", "mine", "edit", "close", "of", "who",
)  # fmt: skip
ADMIN_PARAMETERS = ("p", "o", "q", "all", "e", "_popup", "_to_field", "_facets", "_changelist_filters")
CHOSEN = ("abc", "-1", "²", "9" * 25, LONG, "\x00", "")  # as keys of rows
NUMBERS = ("page", "before", "template", "d", "p", "o")  # what a long number is sent as
LOOKUPS = ("", "__exact", "__in", "__isnull", "__gte", "__year", "__month", "__day", "__regex", "__contains", "__date")


def urls(cast: Cast) -> Iterator[str]:
    """Yield every address of ours, with the ids of the cast."""
    ids = {
        "guild_id": cast.game.guild_id, "game_id": cast.game.pk, "channel_id": cast.game.channel_id,
        "template_id": cast.template.pk, "signup_id": cast.signup.pk, "delivery_id": cast.delivery.pk,
        "user_id": cast.people["blocked"].pk, "token": cast.game.share_token,
    }  # fmt: skip

    def walk(patterns: list[Any], namespace: str, taken: dict[str, Any]) -> Iterator[str]:
        for pattern in patterns:
            given = taken | {name: ids.get(name, "1") for name in pattern.pattern.converters}
            if isinstance(pattern, URLResolver) and pattern.namespace != "admin":
                yield from walk(pattern.url_patterns, pattern.namespace or namespace, given)
            elif isinstance(pattern, URLPattern) and pattern.name:
                name = f"{namespace}:{pattern.name}" if namespace else pattern.name
                try:
                    yield reverse(name, kwargs=given)
                except NoReverseMatch:
                    continue

    yield from walk(get_resolver().url_patterns, "", {})


def admin_urls() -> Iterator[str]:
    yield from map(reverse, ("admin:index", "admin:autocomplete", "admin:deliveries", "admin:jsi18n"))
    for model in admin.site._registry:
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"{label}_{page}") for page in ("changelist", "add"))
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            yield from (reverse(f"{label}_{page}", args=[row.pk]) for page in ("change", "history", "delete"))


def some(number: int, count: int) -> list[str]:
    """Return some of the values, others for each number."""
    return [SHORT_ODD_INPUTS[(number * count + n) % len(SHORT_ODD_INPUTS)] for n in range(count)]


def odd_query(number: int, parameters: Sequence[str]) -> str:
    """Return a query string of all parameters, each with a value of its own."""
    values = (one.encode(errors="surrogatepass") for one in some(number, len(parameters)))
    return urlencode(dict(zip(parameters, values, strict=True)))


def test_query_strings(cast: Cast) -> None:
    found, client = Findings(), client_of(cast, "owner")
    for number, url in enumerate(urls(cast)):
        for query in (odd_query(number, PARAMETERS), urlencode(dict.fromkeys(NUMBERS, LONG))):
            found.ask(client, "get", f"{url}?{query}")
    assert not found, "\n".join(found)
    assert found.asked > 200


# --- the admin -------------------------------------------------------------------------------------------------


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_query_strings_of_the_admin(cast: Cast) -> None:
    """Each page is asked with what the admin reads: for a parameter that it does not know, a list only leads away."""
    found, clients = Findings(), (client_of(cast, "manager"), client_of(cast, "superuser"))
    for number, url in enumerate(admin_urls()):
        # The pages of a table are five, so that each of them has a long number in some table.
        is_long = number % 4 == 0
        query = urlencode(dict.fromkeys(("p", "o"), LONG)) if is_long else odd_query(number, ADMIN_PARAMETERS)
        found.ask(clients[number % 2], "get", f"{url}?{query}")
    assert not found, "\n".join(found)
    assert found.asked > 80


def kind_of(column: Any) -> Any:
    """Return by what a list reads a lookup of a column: its class, for an array with that of its members.

    Numbers differ in their bounds only, and keys of other tables in nothing.
    """
    alike = next((one for one in (IntegerField, ForeignKey) if isinstance(column, one)), type(column))
    return alike, type(getattr(column, "base_field", None))


def columns_by_kind() -> dict[Any, list[tuple[type[Model], list[str]]]]:
    """Return the names of all admins' columns, for each kind of column one list for each table that has some."""
    kinds: dict[Any, list[tuple[type[Model], list[str]]]] = {}
    for model in admin.site._registry:
        own: dict[Any, list[str]] = {}
        for column in model._meta.concrete_fields:
            own.setdefault(kind_of(column), []).append(column.name)
        for kind, names in own.items():
            kinds.setdefault(kind, []).append((model, names))
    return kinds


def test_lookups_of_the_admin(cast: Cast) -> None:
    """Every lookup of every kind of column, by turns in the tables that have it."""
    found, clients, number = Findings(), (client_of(cast, "manager"), client_of(cast, "superuser")), 0
    for tables in columns_by_kind().values():
        for lookup in LOOKUPS:
            number += 1
            model, names = tables[number % len(tables)]
            query = f"{names[number % len(names)]}{lookup}={quote(as_sent(some(number, 1)[0]))}"
            found.ask(clients[number % 2], "get", f"{address(model, 'changelist')}?{query}")
    assert not found, "\n".join(found)
    assert found.asked > 100


def test_initial_values_of_the_admin(cast: Cast) -> None:
    """All columns of a form at once, since each is read by itself."""
    found, clients = Findings(), (client_of(cast, "manager"), client_of(cast, "superuser"))
    for number, model in enumerate(admin.site._registry):
        for turn in range(4):
            names = enumerate(column.name for column in model._meta.concrete_fields)
            odd = {name: as_sent(some(n * 7 + number * 4 + turn, 1)[0]) for n, name in names}
            found.ask(clients[turn % 2], "get", f"{address(model, 'add')}?{urlencode(odd)}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["manager", "superuser"])
def test_form_fields_of_the_admin(cast: Cast, who: str) -> None:
    found, pages = Findings(), islice(admin_urls(), who == "superuser", None, 2)
    for number, shown in enumerate(shown_forms([client_of(cast, who)], pages)):
        if shown.form.method == "post":
            for typed, beside in changes_of(shown, 31 * number, {}, fields=2):
                found.type_into(shown, typed, beside)
    assert not found, "\n".join(found)


def test_chosen_rows_that_are_none(cast: Cast) -> None:
    """Every action of every table, and every value in every kind of key, which is read before the action begins."""
    found, client, request = Findings(), client_of(cast, "superuser"), RequestFactory().get("/")
    request.user = cast.people["superuser"]
    by_key: dict[Any, list[tuple[type[Model], str]]] = {}
    for model, model_admin in admin.site._registry.items():
        actions = [*model_admin.get_actions(request), "nothing"]
        by_key.setdefault(type(model._meta.pk), []).extend((model, action) for action in actions)
    for pairs in by_key.values():
        for turn in range(max(len(pairs), len(CHOSEN))):
            chosen, (model, action) = CHOSEN[turn % len(CHOSEN)], pairs[turn % len(pairs)]
            data = {"action": action, "_selected_action": [chosen, "7"], "index": chosen, "select_across": chosen}
            found.ask(client, "post", address(model, "changelist"), urlencode(data, doseq=True))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "query",
    ["at__year=9999", "at__year=0", "at__year=9999&at__month=12&at__day=31", "at__year=99999999999999999999"]
    + ["action__exact=abc", "at__gte=9999-12-31", "at__regex=(", "action__regex=(", "id__in=abc", "at__year=" + LONG],
)
def test_a_list_sends_a_query_that_it_cannot_read_to_the_whole_list(cast: Cast, query: str) -> None:
    url = reverse("admin:games_auditentry_changelist")
    for who in ("manager", "superuser"):
        client = client_of(cast, who)
        assert client.get(f"{url}?{query}").status_code in {200, 302}
        assert client.get(url).status_code == 200
