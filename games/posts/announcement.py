"""The announcement as a plain view-model, within Discord's limits. Discord's embed and texts are made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from games.confirmations.edits import recent
from games.confirmations.summary import discord_lines, to_confirm
from games.core import state_wording, wording
from games.core.notifications import fitting
from games.core.roster import Seat, roster
from games.core.states import State
from games.core.text import discord_place, discord_text
from games.minimum_players import wording as minimum_wording
from games.models import Game, OtherAnswer
from games.posts.calendars import calendar_path, google_url
from games.signups import wording as signup_wording
from games.signups.rules import join_label, signing_text
from gamesched.lib.durations import minutes_text
from guilds.display_names import display_names

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
EMBED_TITLE = EMBED_AUTHOR = FIELD_NAME = 256
FIELD_VALUE = 1024
EMBED_LONGEST = 6000  # all texts together
# What mentions may grow a text to, so that the people still have room. The longest texts fit in as they were typed.
DESCRIPTION_SHOWN, LOCATION_SHOWN = 2500, 600
NOTE_SHOWN = 40  # characters of a note beside a name
COLUMNS, FEW = 3, 8  # how many columns a list stands in, and up to how many lines it stands in one


@dataclass(frozen=True)
class AnnouncementView:
    """What the post shows. Players are ids, which Discord shows under their name in the guild.

    Description and location are as Discord takes them: mentions where they are certain, and nothing that calls
    everybody. Addresses of calendars are '' where the game is over, and so is the label of the button to join where
    nobody can. Who is in can leave while `may_sign_up`, whether anybody can join or not.
    """

    game_id: int
    guild_id: int
    title: str
    url: str
    description: str
    state: State
    state_text: str
    starts_at: datetime
    duration_text: str
    reminders_text: str
    host_name: str
    host_avatar_url: str
    seats_text: str
    open_text: str
    seated: tuple[str, ...]
    waiting: tuple[str, ...]
    may_sign_up: bool
    location: str = ""
    calendar_url: str = ""
    google_url: str = ""
    join_label: str = signup_wording.JOIN
    signing_text: str = ""
    takes_answers: bool = False
    maybe: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    rewards: str = ""  # as Discord takes them: hidden until somebody clicks
    confirmed_text: str = ""
    changed: tuple[str, ...] = ()  # lines

    @property
    def text(self) -> str:
        """For places without embeds: a terminal, a push message."""
        lines = [self.title, f"{self.state_text} · {self.starts_at:%Y-%m-%d %H:%M} UTC · {self.duration_text}"]
        return "\n".join([*lines, self.seats_text, self.url])


def view(game: Game, now: datetime) -> AnnouncementView:
    """The game as its post should show it at `now`."""
    state = game.state(now)
    people, held = roster(game), game.effective
    others = list(game.other_answers.all()) if held.answers else []
    host = display_names(game.guild_id, [game.host_id])[game.host_id]
    text = state_wording.STATE_TEXT[state]
    if state is State.CANCELLED and game.cancel_reason:
        text = f"{text}: {game.cancel_reason}"
    needs_text = minimum_wording.needs(held.minimum) if state is State.SCHEDULED else ""
    return AnnouncementView(
        game_id=game.pk,
        guild_id=game.guild_id,
        title=game.title[:EMBED_TITLE],
        url=game.url,
        description=discord_text(game.guild_id, game.description, DESCRIPTION_SHOWN),
        state=state,
        state_text=text,
        starts_at=game.starts_at,
        duration_text=minutes_text(held.duration),
        reminders_text=wording.reminders_text(held.reminders) if held.reminders and not state.over else "",
        host_name=host.text,
        host_avatar_url=host.avatar_url,
        seats_text=", ".join(filter(None, [people.seats_text, needs_text])),
        open_text=wording.open_text(people.open_seats) if state is State.SCHEDULED else "",
        seated=tuple(to_confirm(seat, _who(seat)) for seat in people.seated),
        waiting=tuple(to_confirm(seat, _who(seat)) for seat in people.waiting),
        may_sign_up=state is State.SCHEDULED,
        location=discord_place(game.guild_id, held.location, LOCATION_SHOWN),
        calendar_url="" if state.over else settings.PUBLIC_URL + calendar_path(game),
        google_url="" if state.over else google_url(game),
        join_label=join_label(game, people, now),
        signing_text=signing_text(game, now),
        takes_answers=held.answers,
        maybe=tuple(_noted(f"<@{one.user_id}>", one.note) for one in others if one.kind == OtherAnswer.Kind.TENTATIVE),
        absent=tuple(_noted(f"<@{one.user_id}>", one.note) for one in others if one.kind == OtherAnswer.Kind.ABSENT),
        rewards=_hidden(game.rewards),
        confirmed_text=people.confirmed_text,
        changed=tuple(discord_lines(found.changes)) if (found := recent(game, now)) else (),
    )


def _hidden(text: str) -> str:
    """A text from people as Discord's spoiler. None of its own bars end it, since no two follow each other."""
    return f"||{fitting(text, FIELD_VALUE - 5)} ||" if text else ""


def _who(seat: Seat) -> str:
    who = f"<@{seat.user_id}>" if seat.user_id else wording.plain(seat.placeholder)
    if seat.inviter_id:
        who = wording.with_inviter(who, f"<@{seat.inviter_id}>")
    return _noted(who, seat.note)


def _noted(who: str, note: str) -> str:
    return f"{who} · {fitting(note, NOTE_SHOWN)}" if note else who


def columns(lines: Sequence[str], room: int, url: str) -> list[str]:
    """Numbered lines in columns, filled top-down, as phones show them one under the other; one column for a few.

    As many whole lines as fit into fields and, all together, into `room` characters; then how many more there are,
    linked to the page. None for no lines.
    """
    numbered = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    for shown in range(len(numbered), -1, -1):
        kept = numbered[:shown]
        if shown < len(numbered):
            kept.append(f"[{wording.more(len(numbered) - shown)}]({url})")
        height = -(-len(kept) // COLUMNS) if len(kept) > FEW else len(kept)
        made = ["\n".join(kept[at : at + height]) for at in range(0, len(kept), height or 1)]
        if all(len(column) <= FIELD_VALUE for column in made) and sum(map(len, made)) <= room:
            return made
    return []
