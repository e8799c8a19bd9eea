"""The filters of a list as links: those chosen take themselves away again, others add themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext

from games.pages import list_wording
from games.pages.game_filter import GameFilter, GameFilterForm
from games.pages.game_rows import GameRow


@dataclass(frozen=True)
class FilterLink:
    """One filter: its words, and the address of the list with or without it."""

    label: str
    address: str


@dataclass(frozen=True)
class FilterLinks:
    """What a list offers: the filters that are set, the two that come first, and others by what they are of.

    `kept`: names and values that the form of the words sends along.
    """

    chosen: list[FilterLink]
    switches: list[FilterLink]
    groups: list[tuple[str, list[FilterLink]]]
    kept: Mapping[str, str]
    nothing: str  # the address without any


def filter_links(form: GameFilterForm, show: str, rows: Iterable[GameRow]) -> FilterLinks:
    """Return the filters of a list as links; hosts are those of the rows that it shows."""
    chosen = form.filter
    templates, channels = form.offered("template"), form.offered("channel")
    hosts = {row.host_id: row.host_name for row in rows}

    def link(label: str, **changes: Any) -> FilterLink:
        return FilterLink(label, address_of(replace(chosen, **changes), show))

    taken: list[tuple[bool, str, dict[str, Any]]] = [
        (bool(chosen.text), list_wording.of_words(chosen.text), {"text": ""}),
        (chosen.open_seats, gettext(list_wording.FREE_SEATS), {"open_seats": False}),
        (chosen.mine, gettext(list_wording.MINE), {"mine": False}),
        (bool(chosen.channel_id), channels.get(chosen.channel_id or 0, ""), {"channel_id": None}),
        (bool(chosen.template_id), templates.get(chosen.template_id or 0, ""), {"template_id": None}),
        (bool(chosen.host_id), hosts.get(chosen.host_id or 0, gettext(list_wording.SOMEONE)), {"host_id": None}),
    ]
    switches = [
        *([] if chosen.open_seats else [link(gettext(list_wording.FREE_SEATS), open_seats=True)]),
        *([] if chosen.mine else [link(gettext(list_wording.MINE), mine=True)]),
    ]
    others = (
        (gettext(list_wording.CHANNELS), "channel_id", channels),
        (gettext(list_wording.TEMPLATES), "template_id", templates),
        (gettext(list_wording.HOSTS), "host_id", hosts if len(hosts) > 1 else {}),
    )
    return FilterLinks(
        chosen=[link(label, **changes) for is_set, label, changes in taken if is_set],
        switches=switches,
        groups=[
            (title, [link(label, **{name: pk}) for pk, label in choices.items()])
            for title, name, choices in others
            if choices and getattr(chosen, name) is None
        ],
        kept=_params(replace(chosen, text=""), show),
        nothing=address_of(GameFilter(), show),
    )


def address_of(chosen: GameFilter, show: str = "") -> str:
    """Return the address of a list so filtered, within its page."""
    return f"?{urlencode(_params(chosen, show))}"


def _params(chosen: GameFilter, show: str) -> dict[str, str]:
    values = {
        "show": show,
        "text": chosen.text,
        "template": chosen.template_id,
        "channel": chosen.channel_id,
        "host": chosen.host_id,
        "mine": int(chosen.mine),
        "open_seats": int(chosen.open_seats),
    }
    return {name: str(value) for name, value in values.items() if value}
