"""Recent changes and open confirmations, as the post, the notifications and the page show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from games.confirmations import wording as confirmation_wording
from games.confirmations.edits import Changes, recent_changes
from games.core import wording
from games.core.audit_people import named
from games.core.escaping import escape_markdown
from games.core.permissions import Viewer
from games.core.roster import Roster, RosterEntry
from games.core.states import State
from games.core.wording import timestamp
from games.models import Game
from guilds.display_names import DisplayNames
from guilds.templatetags.zoned_times import when

VALUE_SHOWN = 60  # characters, so that all lines fit one field of the post


def discord_change_lines(changes: Changes, names: DisplayNames) -> list[str]:
    """Return a line for each change, in Discord's markup."""

    def text(word: str, value: Any) -> str:
        shown = confirmation_wording.value_text(word, value, timestamp, lambda pk: f"<#{pk}>")
        return shown if word in {"start", "channel"} else escape_markdown(shown, VALUE_SHOWN)

    line = confirmation_wording.change_text
    return [line(word, text(word, old), text(word, new)) for word, (old, new) in named(changes, names).items()]


def name_with_confirmation(seat: RosterEntry, name: str) -> str:
    """Return a name for the post, marked if they have not confirmed yet."""
    return f"{name} {gettext(confirmation_wording.TO_CONFIRM)}" if seat.must_confirm else name


@dataclass(frozen=True)
class ChangesView:
    """What a game's page shows one viewer of changes and confirmations.

    `changes`: label, before, after. `confirmation_number`: the confirmation that the viewer has yet to answer,
    0 for none. `confirm_by` and `drop_unconfirmed`: until when, and whether not answering costs the seat.
    `unconfirmed_names`: who has not answered, for hosts and managers.
    """

    since: datetime | None
    changes: tuple[tuple[str, str, str], ...]
    confirmation_number: int
    confirm_by: datetime | None
    drop_unconfirmed: bool
    unconfirmed_names: str
    confirmed_text: str


def changes_view(game: Game, people: Roster, viewer: Viewer, names: DisplayNames, now: datetime) -> ChangesView:
    """Return what the page shows the viewer of changes and confirmations."""
    zone = viewer.person.zone
    latest = recent_changes(game, now)
    channels = viewer.channel_names if latest and "channel" in latest.changes else {}

    def text(word: str, value: Any) -> str:
        return confirmation_wording.value_text(
            word, value, lambda at: when(at, zone), lambda pk: channels.get(pk) or gettext(wording.DELETED_CHANNEL)
        )

    changes = []
    for word, (old, new) in named(latest.changes, names).items() if latest else ():
        secret = word == "instructions"
        after = gettext(confirmation_wording.REWRITTEN) if secret else text(word, new)
        changes.append((gettext(confirmation_wording.CHANGE_LABELS[word]), "" if secret else text(word, old), after))
    open_ = game.state(now) is State.SCHEDULED
    seats = [seat for seat in (*people.seated, *people.waiting) if seat.must_confirm and open_]
    unconfirmed = ", ".join(seat.name for seat in seats) if viewer.may_manage(game) else ""
    return ChangesView(
        since=latest.since if latest else None,
        changes=tuple(changes),
        confirmation_number=game.confirmation_number if any(seat.is_viewer for seat in seats) else 0,
        confirm_by=game.confirm_by,
        drop_unconfirmed=game.drop_unconfirmed,
        unconfirmed_names=unconfirmed,
        confirmed_text=people.confirmed_text if open_ else "",
    )
