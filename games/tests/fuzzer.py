"""Asks every address with every method, as everybody, with hostile values, and looks for three kinds of fault.

An exception or a 5xx; a secret of another guild or of a hidden channel; a form that comes back without what was typed.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from conftest import World
from games.models import CalendarFeed
from games.tests.cast import EVERYBODY, Cast, client_of
from games.tests.fuzzed_interactions import IDS, Interactions
from games.tests.fuzzed_places import ALLOWED, make_places
from games.tests.odd_forms import comes_back, is_refused
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT, as_sent
from gamesched.testing.page_forms import page_forms

METHODS = ("get", "post", "head", "put", "delete", "options", "patch", "trace")


@dataclass(frozen=True)
class Finding:
    """One fault: what was asked by whom, and what was wrong with the answer."""

    kind: str
    who: str
    request: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.who} {self.request[:600]!r}: {self.detail[:300]}"


@dataclass
class Report:
    """How much was asked, and what was found."""

    requests: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        asked = ", ".join(f"{number} {name}" for name, number in self.requests.most_common())
        return "\n".join([f"{self.requests.total()} requests ({asked}), {len(self.findings)} findings", *self.kinds()])

    def kinds(self) -> list[str]:
        """Return the first finding of each kind and place."""
        first: dict[tuple[str, str], Finding] = {}
        for finding in self.findings:
            first.setdefault((finding.kind, finding.detail[:80]), finding)
        return [str(finding) for finding in first.values()]


class Fuzzer:
    """Makes requests by chance, the same for the same seed, each undone after its answer was looked at."""

    def __init__(self, cast: Cast, world: World, seed: int) -> None:
        self.chance = random.Random(seed)
        self.report = Report()
        self.cast = cast
        self.clients = {who: Client() if who == "anonymous" else client_of(cast, who) for who in EVERYBODY}
        self.places = make_places(cast, world)
        self.interactions = Interactions(self.chance, self._hostile, cast, self.places, world.now)
        self.feed = CalendarFeed.objects.create(user=cast.people["player"], created_at=world.now)
        self.patterns = [pattern for pattern in _patterns(get_resolver().url_patterns) if "jsi18n" not in pattern[0]]
        self.pages: dict[tuple[str, str], str] = {}

    def run(self, times: int, until: float = float("inf")) -> Report:
        """Make so many requests, or those that end before the monotonic time `until`."""
        steps: list[Callable[[], None]] = [*[self._page] * 3, *[self._form] * 2, *[self._interaction] * 2]
        for _ in range(times):
            if time.monotonic() > until:
                break
            with transaction.atomic():
                self.chance.choice(steps)()
                transaction.set_rollback(True)
        return self.report

    # --- pages -------------------------------------------------------------------------------------------

    def _page(self) -> None:
        who, address = self.chance.choice(EVERYBODY), self._address()
        method = self.chance.choices(METHODS, weights=(6, 5, 1, 1, 1, 1, 1, 1))[0]
        names = self.chance.sample(("page", "q", "d", "template", "at__year", "o", "p", "next", "mine", "kind"), 2)
        data = {name: self._hostile() for name in names}
        query = urlencode({name: value.encode(errors="surrogatepass") for name, value in data.items()})
        headers = {"HX-Request": "true"} if self.chance.random() < 0.3 else {}
        content = self.chance.choice(("application/x-www-form-urlencoded", "text/plain; charset=utf-7", "a/b", ""))
        self._ask(who, method, f"{address}?{query}"[:8000], query, headers=headers, content_type=content)

    def _form(self) -> None:
        """Fill in a form as it is shown to somebody, with some values that are hostile."""
        who = self.chance.choice([who for who in EVERYBODY if who != "anonymous"])
        address = self._address(valid=True)
        page = self._ask(who, "get", address)
        text = page.content.decode(errors="replace") if page is not None and page.status_code == 200 else ""
        forms = [one for one in page_forms(text) if one.method == "post" and one.fields]
        if not forms:
            return
        form = self.chance.choice(forms)
        action, values = self.chance.choice(form.actions) or address, form.fields
        if "/logout/" in action:
            return
        chosen = self.chance.sample(sorted(values), min(len(values), self.chance.choice((1, 1, 2, 4))))
        values |= {name: [self._hostile()] for name in chosen}
        values.pop("csrfmiddlewaretoken", None)
        pairs = [(name, value.encode(errors="surrogatepass")) for name, several in values.items() for value in several]
        body = urlencode(pairs)
        response = self._ask(who, "post", action, body, content_type="application/x-www-form-urlencoded")
        if response is not None and not action.endswith("/preview/"):  # in a tab of its own: the form stays as it is
            sent = {name: values[name][0] for name in form.typed.keys() & {*chosen}}
            self._look_for_loss(who, f"POST {action} {body}", response, sent)

    def _look_for_loss(self, who: str, request: str, answer: Any, typed: dict[str, str]) -> None:
        for name, value in typed.items() if is_refused(answer) else ():
            if not comes_back(answer.text, name, as_sent(value)):
                self._found("typed text lost", who, request, f"{answer.status_code} {name}={value[:60]!r}")

    def _ask(self, who: str, method: str, address: str, body: str = "", **more: Any) -> Any:
        self.report.requests[method.upper()] += 1
        request = f"{method.upper()} {address} {body}"
        try:
            ask = getattr(self.clients[who], method)
            if method in {"get", "head", "trace"}:
                response = ask(address, headers=more.get("headers"))
            else:
                response = ask(address, body, **{"content_type": "application/x-www-form-urlencoded", **more})
        except Exception as error:  # the client raises what a view did not handle
            self._found("exception", who, request, f"{type(error).__name__}: {error}")
            return None
        content = b"".join(response.streaming_content) if response.streaming else response.content
        if response.status_code >= 500:
            self._found("5xx", who, request, f"{response.status_code} at {address.split('?')[0]}")
        self._look_for_secrets(who, request, content.decode(errors="replace") + str(response.headers), body + address)
        return response

    # --- interactions ------------------------------------------------------------------------------------

    def _interaction(self) -> None:
        who = self.chance.choice([who for who in EVERYBODY if who not in {"anonymous", "superuser", "stranger"}])
        name = request = self.chance.choice(self.interactions.names)
        self.report.requests[name] += 1
        try:
            call = self.interactions.choose(name, self.cast.people[who])
            request = f"{name} {call.args}"
            response = call()
        except Exception as error:
            self._found("exception", who, request, f"{type(error).__name__}: {error}")
        else:
            self._look_for_secrets(who, request, repr(response), request)

    # --- what both need ----------------------------------------------------------------------------------

    def _hostile(self) -> str:
        value = self.chance.choice(EVERY_ODD_INPUT)
        return value if self.chance.random() < 0.7 else value[:50] + self.chance.choice(EVERY_ODD_INPUT)[:500]

    def _address(self, valid: bool = False) -> str:
        route, names = self.chance.choice(self.patterns)
        place = self.places["own" if valid else self.chance.choice(("own", "own", "hidden", "foreign"))]
        game, player = place.game, self.cast.people["player"]
        rows = (game, game.series or game, place.poll, place.template, place.signup, place.delivery, player)
        known: dict[str, object] = {
            "game_id": game.pk,
            "guild_id": game.guild_id,
            "channel_id": game.channel_id,
            "template_id": place.template.pk,
            "signup_id": place.signup.pk,
            "delivery_id": place.delivery.pk,
            "poll_id": place.poll.pk,
            "user_id": self.cast.people["blocked"].pk,
            "token": self.feed.token,
            "object_id": self.chance.choice((*(row.pk for row in rows), game.guild_id, game.channel_id)),
        }
        for name, converter in names.items():
            value = known.get(name, game.pk)
            if not valid and self.chance.random() < 0.3:
                value = self.chance.choice(IDS) if converter != "path" else self._hostile()[:60]
            text = quote(str(value).encode(errors="surrogatepass"), safe="/")
            route = route.replace(f"<{converter}:{name}>", text)
        return "/" + route

    def _look_for_secrets(self, who: str, request: str, response: str, sent: str) -> None:
        for secret, allowed in ALLOWED.items():
            if secret.casefold() in response.casefold() and secret not in sent and who not in allowed:
                at = response.casefold().index(secret.casefold())
                self._found("secret", who, request, response[max(0, at - 100) : at + 60])

    def _found(self, kind: str, who: str, request: str, detail: str) -> None:
        self.report.findings.append(Finding(kind, who, request, detail))


def _patterns(patterns: list[Any], before: str = "") -> list[tuple[str, dict[str, str]]]:
    """Return each route of the site with its arguments' converters, but those of regular expressions."""
    found = []
    for pattern in patterns:
        route = getattr(pattern.pattern, "_route", None)
        if route is None:
            continue
        if isinstance(pattern, URLResolver):
            found += _patterns(pattern.url_patterns, before + route)
        elif isinstance(pattern, URLPattern):
            parts = [part.split(">")[0] for part in (before + route).split("<")[1:]]
            found.append((before + route, {part.split(":")[1]: part.split(":")[0] for part in parts if ":" in part}))
    return found
