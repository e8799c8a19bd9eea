"""The forms of a page, filled in as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

TEXT_TYPES = {"textarea", "text", "search", "url", "email", "date", "time", "datetime-local", "number"}


@dataclass
class PageForm:
    """A form and what a browser sends of it; `buttons` by name, with the first value of each."""

    actions: list[str]  # the form's own, then those of its buttons
    method: str = "get"
    id: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)  # by name the type of the fields that people type into


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.open: PageForm | None = None
        self.select: tuple[str, list[str], list[str]] | None = None  # name, chosen, all
        self.textarea: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = PageForm([given.get("action", "")], given.get("method", "get"), given.get("id", ""))
            self.forms.append(self.open)
        elif tag == "input":
            is_box = given.get("type") in {"checkbox", "radio"}
            if given.get("type") != "submit" and (not is_box or "checked" in given):
                self._add(given, given.get("value", "on" if is_box else ""), given.get("type", "text"))
        elif tag == "button" and self.open is not None:
            self.open.actions += [given["formaction"]] if "formaction" in given else []
            if given.get("name"):
                self.open.buttons.setdefault(given["name"], given.get("value", ""))
        elif tag == "select":
            self.select = (given.get("name", ""), [], [])
        elif tag == "option" and self.select is not None:
            self.select[2].append(given.get("value", ""))
            if "selected" in given:
                self.select[1].append(given.get("value", ""))
        elif tag == "textarea":
            self.textarea = (given.get("name", ""), [])

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select" and self.select is not None:
            name, chosen, everything = self.select
            for value in chosen or everything[:1]:
                self._add({"name": name}, value)
            self.select = None
        elif tag == "textarea" and self.textarea is not None:
            self._add({"name": self.textarea[0]}, "".join(self.textarea[1]).removeprefix("\n"), "textarea")
            self.textarea = None

    def _add(self, given: dict[str, str], value: str, kind: str = "") -> None:
        owner = next((one for one in self.forms if one.id == given["form"]), None) if "form" in given else self.open
        if owner is not None and given.get("name"):
            owner.fields.setdefault(given["name"], []).append(value)
            if kind in TEXT_TYPES:
                owner.typed[given["name"]] = kind


def page_forms(html: str) -> list[PageForm]:
    """Return the forms of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def form_to(client: Any, page: str, address: str, **typed: Any) -> dict[str, Any]:
    """Return what a browser sends of the form on a page that goes to an address, with what was typed in it."""
    response = client.get(page)
    assert response.status_code == 200, response.status_code
    return form_in(response.text, page, address, **typed)


def form_in(html: str, page: str, address: str, **typed: Any) -> dict[str, Any]:
    """Return what a browser sends of the form in this HTML of a page that goes to an address."""
    posted = [one for one in page_forms(html) if one.method == "post"]
    here, there = urlsplit(page).path, urlsplit(address).path
    # The last, since a page may have a small form of the same address first.
    form = [one for one in posted if there in {urlsplit(action or here).path for action in one.actions}][-1]
    return {**form.fields, **typed}
