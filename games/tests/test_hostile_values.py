"""Hostile and merely odd values in every address, query string and form field: refused, and never a 5xx."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from games.tests.cast import Cast, cast, client_of, db, module_cast, module_world, world
from gamesched.testing.page_forms import page_forms

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures

pytestmark = pytest.mark.slow

# Each address, parameter and field gets some of them in turn, so that all of them get all.
VALUES = [
    "abc", "-1", "0", "1e5", "9999", "²", "٣", "9" * 25, "0001-01-01", "9999-12-31", "9999-12-31T23:59",
    "99:99", "\x00", "a\x00b", "\ufffe", "'", "(", "%", "[1", "{}", "null", "true,false", "../..", "\r\nX: y", "<b>",
]  # fmt: skip
LONG = "9" * 5000  # more digits than Python turns into a number
PARAMETERS = (
    "page", "before", "show", "q", "template", "from", "to", "start", "d", "next", "p", "o", "e", "all", "_popup",
    "_to_field", "_facets", "_changelist_filters", "app_label", "model_name", "field_name", "term", "format", "code",
    "state", "error", "process", "mine",
)  # fmt: skip
CHOSEN = ("abc", "-1", "²", "9" * 25, LONG, "\x00", "")  # as keys of rows
NUMBERS = ("page", "before", "template", "d", "p", "o")  # what a long number is sent as
LOOKUPS = ("", "__exact", "__in", "__isnull", "__gte", "__year", "__month", "__day", "__regex", "__contains", "__date")


@dataclass
class Form:
    """A form of a page, with the values that it is sent with."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


def forms_of(page: str, url: str) -> Iterator[Form]:
    """Yield the posted forms of a page, each with its buttons' values."""
    for form in page_forms(page):
        action = urljoin(url, form.actions[0])
        if form.method == "post" and "/logout/" not in action:
            values = form.buttons | {name: several[0] for name, several in form.fields.items()}
            values.pop("csrfmiddlewaretoken", None)
            yield Form(action, values)


def urls(cast: Cast) -> Iterator[str]:
    """Yield every address of ours, with the ids of the cast."""
    ids = {
        "guild_id": cast.game.guild_id, "game_id": cast.game.pk, "channel_id": cast.game.channel_id,
        "template_id": cast.template.pk, "signup_id": cast.signup.pk, "delivery_id": cast.delivery.pk,
        "user_id": cast.people["blocked"].pk,
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


def status(client: Client, method: str, url: str, data: Any = None, **headers: Any) -> int:
    """Return the answer's status; what the request changed is undone."""
    with transaction.atomic():
        response = getattr(client, method)(url, data, **headers) if data is not None else getattr(client, method)(url)
        code: int = response.status_code
        if response.streaming:
            list(response.streaming_content)
        transaction.set_rollback(True)
    return code


class Findings(list[str]):
    """The requests that were answered with an error of ours."""

    asked = 0

    def ask(self, client: Client, method: str, url: str, data: Any = None) -> None:
        self.asked += 1
        try:
            code = status(client, method, url, data)
            # A log-in that Discord refused for an unknown reason is answered 503 on purpose.
            is_meant = code == 503 and "/login/callback/" in url
            failed = f"{code}" if code >= 500 and not is_meant else ""
        except Exception as error:
            failed = f"{type(error).__name__}: {error}"[:200]
        if failed:
            self.append(f"{method} {url[:200]} {str(data)[:200]}: {failed}")


def some(number: int, count: int) -> list[str]:
    """Return some of the values, others for each number."""
    return [VALUES[(number * count + n) % len(VALUES)] for n in range(count)]


def query_strings(number: int, count: int) -> Iterator[str]:
    yield from (urlencode(dict.fromkeys(PARAMETERS, value)) for value in some(number, count))
    yield urlencode(dict.fromkeys(NUMBERS, LONG))


def test_query_strings(cast: Cast) -> None:
    found, client = Findings(), client_of(cast, "owner")
    for number, url in enumerate(urls(cast)):
        for query in query_strings(number, 2):
            found.ask(client, "get", f"{url}?{query}")
    assert not found, "\n".join(found)
    assert found.asked > 200


def drive_forms(client: Client, addresses: Iterator[str]) -> Findings:
    found, seen, number = Findings(), set(), 0
    for url in addresses:
        shown = client.get(url)
        if shown.status_code != 200 or "html" not in shown.headers.get("Content-Type", ""):
            continue
        for form in forms_of(shown.text, url):
            key = (form.action, tuple(form.values))
            if key in seen:
                continue
            seen.add(key)
            found.ask(client, "post", form.action, dict.fromkeys(form.values, LONG))
            for turn in range(2):
                odd = {name: VALUES[(n * 7 + turn + number) % len(VALUES)] for n, name in enumerate(form.values)}
                found.ask(client, "post", form.action, odd)
            # One odd value among good ones reaches the action; in a long form not every field is tried.
            for name in list(form.values)[number % 7 :: 1 + len(form.values) // 4]:
                number += 1
                found.ask(client, "post", form.action, form.values | {name: some(number, 1)[0]})
    return found


def test_form_fields(cast: Cast) -> None:
    found = drive_forms(client_of(cast, "owner"), urls(cast))
    assert not found, "\n".join(found)
    assert found.asked > 100


# --- the admin -------------------------------------------------------------------------------------------------


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_query_strings_of_the_admin(cast: Cast) -> None:
    found, clients = Findings(), (client_of(cast, "manager"), client_of(cast, "superuser"))
    for number, url in enumerate(admin_urls()):
        for turn, query in enumerate(query_strings(number, 1)):
            found.ask(clients[(number + turn) % 2], "get", f"{url}?{query}")
    assert not found, "\n".join(found)


def columns_by_kind() -> dict[Any, list[tuple[type[Model], list[str]]]]:
    """Return the names of all admins' columns, for each kind of column one list for each table that has some.

    A kind is a class of field, for an array with that of its members: a list reads a lookup by that alone.
    """
    kinds: dict[Any, list[tuple[type[Model], list[str]]]] = {}
    for model in admin.site._registry:
        own: dict[Any, list[str]] = {}
        for column in model._meta.concrete_fields:
            own.setdefault((type(column), type(getattr(column, "base_field", None))), []).append(column.name)
        for kind, names in own.items():
            kinds.setdefault(kind, []).append((model, names))
    return kinds


def test_lookups_of_the_admin(cast: Cast) -> None:
    """Every kind of column in every table, and every lookup of every kind of column."""
    found, clients, number = Findings(), (client_of(cast, "manager"), client_of(cast, "superuser")), 0
    for tables in columns_by_kind().values():
        for turn in range(max(len(tables), len(LOOKUPS))):
            number += 1
            model, names = tables[turn % len(tables)]
            query = f"{names[number % len(names)]}{LOOKUPS[turn % len(LOOKUPS)]}={quote(some(number, 1)[0])}"
            found.ask(clients[number % 2], "get", f"{address(model, 'changelist')}?{query}")
    assert not found, "\n".join(found)


def test_initial_values_of_the_admin(cast: Cast) -> None:
    """All columns of a form at once, since each is read by itself."""
    found, clients = Findings(), (client_of(cast, "manager"), client_of(cast, "superuser"))
    for number, model in enumerate(admin.site._registry):
        for turn in range(4):
            names = enumerate(column.name for column in model._meta.concrete_fields)
            odd = {name: VALUES[(n * 7 + number * 4 + turn) % len(VALUES)] for n, name in names}
            found.ask(clients[turn % 2], "get", f"{address(model, 'add')}?{urlencode(odd)}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["manager", "superuser"])
def test_form_fields_of_the_admin(cast: Cast, who: str) -> None:
    found = drive_forms(client_of(cast, who), islice(admin_urls(), who == "superuser", None, 2))
    assert not found, "\n".join(found)


def test_chosen_rows_that_are_none(cast: Cast) -> None:
    """Every value in every table, and with every action; the table's key is read before the action begins."""
    found, client, request = Findings(), client_of(cast, "superuser"), RequestFactory().get("/")
    request.user = cast.people["superuser"]
    for model, model_admin in admin.site._registry.items():
        actions = [*model_admin.get_actions(request), "nothing"]
        for turn in range(max(len(actions), len(CHOSEN))):
            chosen, action = CHOSEN[turn % len(CHOSEN)], actions[turn % len(actions)]
            data = {"action": action, "_selected_action": [chosen, "7"], "index": chosen, "select_across": chosen}
            found.ask(client, "post", address(model, "changelist"), data)
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
