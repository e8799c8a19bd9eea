"""Types odd inputs into the forms of pages, and looks whether each comes back, or is stored as it was meant."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django import forms
from django.contrib.messages import ERROR, get_messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from games.core.text_rules import tidy_lines
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT, SHORT_ODD_INPUTS, as_sent
from gamesched.testing.page_forms import PageForm, page_forms
from guilds.names import is_visible, tidy_line, without_unstorable
from guilds.sent_forms.resubmission import SECRET
from guilds.sent_forms.tokens import FIELD

ADDRESS_TYPED_MAX = 100  # characters
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class ShownForm:
    """A form as somebody is shown it on a page."""

    client: Client
    page: str
    address: str
    form: PageForm

    @property
    def typed(self) -> list[str]:
        """Return the fields that people type into."""
        return [name for name in self.form.typed if not SECRET.search(name)]

    def values(self, **changes: str) -> dict[str, list[str]]:
        """Return what a browser sends, with other values in some fields."""
        values = self.form.fields | {name: [value] for name, value in self.form.buttons.items()}
        values.pop("csrfmiddlewaretoken", None)
        return values | {name: [value] for name, value in changes.items()}


def shown_forms(clients: Sequence[Client], pages: Iterable[str], for_each: str = "") -> Iterator[ShownForm]:
    """Yield each form of the pages once, as it is shown to the first client who sees the page.

    The page `for_each` is looked at by all of them.
    """
    seen = set()
    for page in pages:
        for client in clients:
            answer = client.get(page)
            if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
                continue
            for form in page_forms(answer.text):
                address = urljoin(page, form.actions[0])
                key = (urlsplit(address).path, form.method, tuple(form.fields), tuple(form.buttons))
                if "/logout/" not in address and key not in seen:
                    seen.add(key)
                    yield ShownForm(client, page, address, form)
            if page != for_each:
                break


# What was typed into a form that was taken; it returns what is wrong with what is stored of it.
Then = Callable[[ShownForm, dict[str, str]], Iterable[str]]


class Findings(list[str]):
    """The requests whose answer was wrong, and how many were asked."""

    asked = taken = 0

    def ask(self, client: Client, method: str, url: str, body: str = "") -> None:
        """Make a request that is not to fail, and undo what it changed."""
        with transaction.atomic():
            self._answer(client, method, url, body)
            transaction.set_rollback(True)

    def _answer(self, client: Client, method: str, url: str, body: str = "") -> Any:
        """Return the answer to a request; None if it failed."""
        self.asked += 1
        client.cookies.pop("messages", None)  # of a request that was undone
        try:
            answer: Any = client.post(url, body, content_type=FORM) if method == "post" else client.get(url)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        except Exception as error:
            self._found(method, url, body, f"{type(error).__name__}: {error}")
            return None
        # A log-in that Discord refused for an unknown reason is answered 503 on purpose.
        if answer.status_code >= 500 and not (answer.status_code == 503 and "/login/callback/" in url):
            self._found(method, url, body, f"{answer.status_code} {content[:100]!r}")
        return answer

    def type_into(
        self, shown: ShownForm, changes: dict[str, str], beside: dict[str, str] | None = None, then: Then | None = None
    ) -> None:
        """Send a form with these changes, which come back or are stored, and with `beside`, of which nothing is asked.

        `then` returns what is wrong with what is stored of a form that was taken. All is undone.
        """
        values = shown.values(**(beside or {}) | changes)
        body = urlencode([(name, one.encode(errors="surrogatepass")) for name, many in values.items() for one in many])
        with transaction.atomic():
            if shown.form.method == "get":
                answer = self._answer(shown.client, "get", f"{shown.address}?{body}")
            else:
                answer = self._answer(shown.client, "post", shown.address, body)
            if answer is not None and answer.status_code < 500:
                typed = {name: as_sent(value) for name, value in changes.items() if name in shown.typed}
                if is_refused(answer):
                    for name, value in typed.items():
                        if not self._comes_back(shown, answer, name, value):
                            self._found(
                                shown.form.method,
                                shown.address,
                                body,
                                f"{answer.status_code} lost {name}={value[:80]!r}",
                            )
                elif then is not None:
                    self.taken += 1
                    for problem in then(shown, typed):
                        self._found(shown.form.method, shown.address, body, problem)
            transaction.set_rollback(True)

    def _comes_back(self, shown: ShownForm, answer: Any, name: str, value: str) -> bool:
        if shown.form.method == "post":
            return comes_back(answer.text, name, value)
        # A search's text may stand in another field of the page to which it leads, and is cut in an address.
        page = shown.client.get(answer.url).text if answer.status_code == 302 else answer.text
        values = {one for form in page_forms(page) for many in form.fields.values() for one in many}
        if not is_visible(value) or len(value) > ADDRESS_TYPED_MAX:
            return True
        # What a line says comes back in the fields that it fills, in their normal form; and in the line, with the time
        # that was picked behind it.
        picked = [f"{value} {one}" for one in shown.values().get("when", ())]
        return not {value.strip(), tidy_line(without_unstorable(value)), *picked}.isdisjoint(map(str.strip, values))

    def _found(self, method: str, url: str, body: str, problem: str) -> None:
        self.append(f"{method} {url[:150]} {body[:150]}: {problem[:400]}")


def is_refused(answer: Any) -> bool:
    """Return whether a form was not taken, so that it has to come back."""
    if answer.status_code == 302:
        return ERROR in [message.level for message in get_messages(answer.wsgi_request)]
    return answer.status_code in {200, 400, 403, 422, 503}


def comes_back(page: str, name: str, typed: str) -> bool:
    """Return whether a page shows a text in a field of this name, as it was typed; none can show NUL."""
    wanted = _plain(typed)
    return any(_plain(value) == wanted for form in _forms(page) for value in form.fields.get(name, ()))


@lru_cache(maxsize=1)
def _forms(page: str) -> list[PageForm]:
    """Read a page that is looked at for each of its fields once."""
    return page_forms(page)


def _plain(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")


def means_the_same(field: forms.Field, typed: str, shown: str) -> bool:
    """Return whether what a form shows is what was typed, or its normal form."""
    if shown in {typed, tidy_line(without_unstorable(typed)), tidy_lines(without_unstorable(typed))}:
        return True
    try:
        return bool(field.clean(shown) == field.clean(typed))
    except ValidationError:
        return False


def changes_of(
    shown: ShownForm, number: int, good: Mapping[str, str], *, fields: int | None = None
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield what is typed into a form, and what beside it: other inputs for each number.

    First all fields have odd inputs, then all that people choose from, then one field after another has one among
    good values: so many `fields`, or every one.
    """
    typed = shown.typed
    others = [name for name in shown.values() if name not in shown.form.typed and name != FIELD]
    yield {name: some(SHORT_ODD_INPUTS, number + n) for n, name in enumerate(typed)}, {}
    yield {}, {name: some(SHORT_ODD_INPUTS, number + 7 * n) for n, name in enumerate(others)}
    kept = {name: value for name, value in good.items() if shown.form.fields.get(name) in ([""], ["UTC"])}
    step = 1 if fields is None else 1 + len(typed) // fields
    for n, name in list(enumerate(typed))[number % step :: step]:
        yield {name: some(EVERY_ODD_INPUT, number + 11 * n)}, kept


def some(inputs: Sequence[str], number: int) -> str:
    return inputs[number % len(inputs)]
