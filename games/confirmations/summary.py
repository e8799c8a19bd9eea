"""What was changed and who is asked, as the post, the letters and the page show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from games.confirmations import wording as confirmation_wording
from games.confirmations.edits import Changes, recent
from games.core.base import Actor
from games.core.notifications import fitting
from games.core.permissions import manages, may_schedule
from games.core.roster import Roster, Seat
from games.core.states import State
from games.core.wording import stamp
from games.models import Game
from guilds.models import Channel, User
from guilds.templatetags.when import when

VALUE_SHOWN = 60  # characters, so that all lines fit a field of the post


def discord_lines(changes: Changes) -> list[str]:
    """What changed, as Discord takes it."""

    def text(word: str, value: Any) -> str:
        found = confirmation_wording.value_text(word, value, stamp, lambda pk: f"<#{pk}>")
        return found if word in {"start", "channel"} else fitting(found, VALUE_SHOWN)

    line = confirmation_wording.changed_line
    return [line(word, text(word, old), text(word, new)) for word, (old, new) in changes.items()]


def to_confirm(seat: Seat, name: str) -> str:
    """A name in the post, with a mark where they have yet to say whether they still come."""
    return f"{name} {confirmation_wording.TO_CONFIRM}" if seat.asked else name


def channel_names(guild_id: int) -> Mapping[int, str]:
    """The channels of a guild by name, for reading what changed."""
    return {channel.pk: str(channel) for channel in Channel.objects.filter(guild_id=guild_id)}


@dataclass(frozen=True)
class Moved:
    """What a game's page shows of changes and questions, to one viewer.

    `changes`: label, before, after. `asked`: the number of the question that the viewer has to answer, 0 for none;
    until when, and what silence costs. `silent`: the names of those who have not answered, for who runs the game.
    """

    since: datetime | None
    changes: tuple[tuple[str, str, str], ...]
    asked: int
    answer_by: datetime | None
    silence_ends: bool
    silent: str
    confirmed_text: str
    may_clone: bool
    may_make_template: bool


def moved(game: Game, people: Roster, viewer: User, now: datetime) -> Moved:
    """What the page shows of changes and questions."""
    by = Actor(viewer, "page")
    found = recent(game, now)
    channels = channel_names(game.guild_id) if found and "channel" in found.changes else {}

    def text(word: str, value: Any) -> str:
        return confirmation_wording.value_text(
            word, value, lambda at: when(at, viewer.zone), lambda pk: channels.get(pk, "a deleted channel")
        )

    changes = []
    for word, (old, new) in found.changes.items() if found else ():
        secret = word == "instructions"
        after = confirmation_wording.REWRITTEN if secret else text(word, new)
        changes.append((confirmation_wording.LABELS[word], "" if secret else text(word, old), after))
    state, runs_it = game.state(now), by.may_manage(game)
    open_ = state is State.SCHEDULED
    seats = [seat for seat in (*people.seated, *people.waiting) if seat.asked and open_]
    names = ", ".join(seat.name for seat in seats) if runs_it else ""
    return Moved(
        since=found.since if found else None,
        changes=tuple(changes),
        asked=game.question if any(seat.is_viewer for seat in seats) else 0,
        answer_by=game.answer_by,
        silence_ends=game.silence_ends,
        silent=names,
        confirmed_text=people.confirmed_text if open_ else "",
        # Others than its hosts may want to play it again once it was played.
        may_clone=(runs_it or state.over) and may_schedule(viewer, game.guild_id),
        may_make_template=manages(viewer, game.guild_id),
    )
