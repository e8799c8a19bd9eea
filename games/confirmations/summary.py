"""What was changed and who is asked, as the post, the letters and the page show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from games.confirmations import wording as confirmation_wording
from games.confirmations.edits import Changes, recent_changes
from games.core.base import Actor, Source
from games.core.notifications import escape_and_shorten
from games.core.permissions import manages, may_schedule
from games.core.roster import Roster, RosterEntry
from games.core.states import State
from games.core.wording import timestamp
from games.models import Game
from guilds.models import Channel, User
from guilds.templatetags.when import when

VALUE_SHOWN = 60  # characters, so that all lines fit a field of the post


def discord_change_lines(changes: Changes) -> list[str]:
    """What changed, as Discord takes it."""

    def text(word: str, value: Any) -> str:
        found = confirmation_wording.value_text(word, value, timestamp, lambda pk: f"<#{pk}>")
        return found if word in {"start", "channel"} else escape_and_shorten(found, VALUE_SHOWN)

    line = confirmation_wording.change_text
    return [line(word, text(word, old), text(word, new)) for word, (old, new) in changes.items()]


def name_with_confirmation(seat: RosterEntry, name: str) -> str:
    """A name in the post, with a mark where they have yet to say whether they still come."""
    return f"{name} {confirmation_wording.TO_CONFIRM}" if seat.must_confirm else name


def channel_names(guild_id: int) -> Mapping[int, str]:
    """The channels of a guild by name, for reading what changed."""
    return {channel.pk: str(channel) for channel in Channel.objects.filter(guild_id=guild_id)}


@dataclass(frozen=True)
class ChangesView:
    """What a game's page shows of changes and questions, to one viewer.

    `changes`: label, before, after. `asked`: the number of the question that the viewer has to answer, 0 for none;
    until when, and what silence costs. `silent`: the names of those who have not answered, for who runs the game.
    """

    since: datetime | None
    changes: tuple[tuple[str, str, str], ...]
    confirmation_number: int
    confirm_by: datetime | None
    drop_unconfirmed: bool
    unconfirmed_names: str
    confirmed_text: str
    may_clone: bool
    may_make_template: bool


def changes_view(game: Game, people: Roster, viewer: User, now: datetime) -> ChangesView:
    """What the page shows of changes and questions."""
    by = Actor(viewer, Source.PAGE)
    latest = recent_changes(game, now)
    channels = channel_names(game.guild_id) if latest and "channel" in latest.changes else {}

    def text(word: str, value: Any) -> str:
        return confirmation_wording.value_text(
            word, value, lambda at: when(at, viewer.zone), lambda pk: channels.get(pk, "a deleted channel")
        )

    changes = []
    for word, (old, new) in latest.changes.items() if latest else ():
        secret = word == "instructions"
        after = confirmation_wording.REWRITTEN if secret else text(word, new)
        changes.append((confirmation_wording.CHANGE_LABELS[word], "" if secret else text(word, old), after))
    state, runs_it = game.state(now), by.may_manage(game)
    open_ = state is State.SCHEDULED
    seats = [seat for seat in (*people.seated, *people.waiting) if seat.must_confirm and open_]
    names = ", ".join(seat.name for seat in seats) if runs_it else ""
    return ChangesView(
        since=latest.since if latest else None,
        changes=tuple(changes),
        confirmation_number=game.question if any(seat.is_viewer for seat in seats) else 0,
        confirm_by=game.answer_by,
        drop_unconfirmed=game.silence_ends,
        unconfirmed_names=names,
        confirmed_text=people.confirmed_text if open_ else "",
        # Others than its hosts may want to play it again once it was played.
        may_clone=(runs_it or state.over) and may_schedule(viewer, game.guild_id),
        may_make_template=manages(viewer, game.guild_id),
    )
