"""The fields of a page that have no name for people who cannot see them."""

from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NAMED_BY_VALUE = {"submit", "button", "reset"}


@dataclass
class _Element:
    tag: str
    given: dict[str, str]
    text: list[str] = field(default_factory=list)  # of all that it contains, pictures' texts too
    labels: list["_Element"] = field(default_factory=list)  # the labels around it


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[_Element] = []
        self.fields: list[_Element] = []
        self.by_id: dict[str, _Element] = {}
        self.labels: dict[str, list[_Element]] = defaultdict(list)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs})
        if "id" in element.given:
            self.by_id.setdefault(element.given["id"], element)
        if tag == "label" and "for" in element.given:
            self.labels[element.given["for"]].append(element)
        if tag in {"input", "select", "textarea", "button"} and element.given.get("type") != "hidden":
            element.labels = [one for one in self.open if one.tag == "label"]
            self.fields.append(element)
        if tag == "img":
            self.handle_data(element.given.get("alt", ""))
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while any(one.tag == tag for one in self.open) and self.open.pop().tag != tag:
            pass  # what was left open ends here too

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text.append(data)

    def name_of(self, element: _Element) -> str:
        """Return an element's name as a screen reader says it; titles and placeholders are none to rely on."""
        given = element.given
        if given.get("aria-labelledby"):
            parts = [self.by_id[one].text for one in given["aria-labelledby"].split() if one in self.by_id]
            return " ".join("".join(part).strip() for part in parts).strip()
        if given.get("aria-label", "").strip():
            return given["aria-label"].strip()
        if element.tag == "button":
            return "".join(element.text).strip()
        if given.get("type") in NAMED_BY_VALUE:
            return given.get("value", "").strip() or ("" if given["type"] == "button" else given["type"])
        around = [*self.labels.get(given.get("id", ""), ()), *element.labels]
        return " ".join("".join(label.text).strip() for label in around).strip()


def unlabelled(html: str) -> list[str]:
    """Return the fields and buttons of a page without an accessible name, as their tags."""
    reader = _Reader()
    reader.feed(html)
    return [f"<{one.tag} {one.given}>" for one in reader.fields if not reader.name_of(one)]
