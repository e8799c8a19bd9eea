"""The announcement as a plain view-model, within Discord's limits; Discord's embed and texts are made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.conf import settings
from django.utils.translation import gettext

from games.companions.voice import channel_to_show
from games.confirmations.edits import recent_changes
from games.confirmations.summary import discord_change_lines, name_with_confirmation
from games.core import state_wording, wording
from games.core.escaping import escape_markdown
from games.core.roster import RosterEntry, roster_of
from games.core.seating import current_signups
from games.core.states import State
from games.core.text import GuildTexts
from games.minimum_players import wording as minimum_wording
from games.models import Game, GameResponse, PostForm, Signup
from games.pictures.addresses import post_pictures
from games.posts import wording as post_wording
from games.posts.calendars import calendar_path, google_url
from games.scheduling.allowed_actions import AllowedActions
from games.series.summary import repeats_text
from games.signups import wording as signup_wording
from games.signups.rules import join_label, signup_text
from gamesched.lib.durations import minutes_text
from guilds.display_names import DisplayNames, display_names
from guilds.languages import in_language_of_guild, language_of_guild

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
EMBED_TITLE = EMBED_AUTHOR = FIELD_NAME = 256
FIELD_VALUE = 1024
EMBED_TOTAL = 6000  # all texts together
# What mentions may grow a text to, so that space for the people is left. The longest typed texts fit in.
DESCRIPTION_SHOWN, LOCATION_SHOWN = 2500, 600
NOTE_SHOWN = 40  # characters of the note beside a name
COLUMNS, FEW_LINES = 3, 8  # columns of a list, and up to how many lines it has only one


@dataclass(frozen=True)
class PeopleList:
    """People under a heading, a line each; `empty_text` stands for nobody."""

    heading: str
    lines: tuple[str, ...]
    empty_text: str = ""


@dataclass(frozen=True)
class AnnouncementView:
    """What the post shows. Players are user ids, which Discord shows under their name in the guild.

    Description and location are in Discord's markup: mentions where they are certain, and nothing that pings
    everybody. Calendar URLs are '' if the game is over, and so is the label of the Join button if nobody can
    join. Players can leave while `may_sign_up`, whether anybody can join or not.
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
    seated: tuple[str, ...]
    waiting: tuple[str, ...]
    may_sign_up: bool
    location: str = ""
    calendar_url: str = ""
    google_url: str = ""
    join_label: str = signup_wording.JOIN
    signup_text: str = ""
    takes_responses: bool = False
    maybe: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    rewards: str = ""  # in Discord's markup: hidden until somebody clicks
    confirmed_text: str = ""
    repeats_text: str = ""
    change_lines: tuple[str, ...] = ()  # one line for each recent change
    image_url: str = ""
    thumbnail_url: str = ""
    notified_role_ids: tuple[int, ...] = ()
    form: PostForm = PostForm.COMPONENTS
    voice_channel_id: int | None = None  # while people may meet there
    language: str = ""  # its guild's

    @property
    def start_text(self) -> str:
        """Return the start in Discord's markup, which counts down to it while people sign up."""
        is_counted = self.state is State.SCHEDULED
        return wording.timestamp_with_countdown(self.starts_at) if is_counted else wording.timestamp(self.starts_at)

    @property
    def people_lists(self) -> tuple[PeopleList, ...]:
        """Return the lists of people: those with a seat always, the others where there are any."""
        inviting = self.may_sign_up and self.join_label == gettext(signup_wording.JOIN)
        seats = " · ".join(filter(None, [self.seats_text, self.confirmed_text]))
        lists = [
            PeopleList(
                seats, self.seated, gettext(post_wording.NOBODY_YET) if inviting else gettext(post_wording.NOBODY)
            )
        ]
        others = [PeopleList(gettext(post_wording.WAIT_LIST), self.waiting)]
        for kind, lines in (("tentative", self.maybe), ("absent", self.absent)):
            others.append(PeopleList(signup_wording.heading(kind, len(lines)), lines))
        return (*lists, *(one for one in others if one.lines))

    @property
    def text(self) -> str:
        """Return the text for places without embeds: a terminal, a push message."""
        lines = [self.title, f"{self.state_text} · {self.starts_at:%Y-%m-%d %H:%M} UTC · {self.duration_text}"]
        return "\n".join([*lines, self.seats_text, self.url])


def announcement_view(game: Game, now: datetime, signups: Sequence[Signup] | None = None) -> AnnouncementView:
    """Return the announcement's contents at `now`, in its guild's language; pass `signups` if they are loaded."""
    with in_language_of_guild(game.guild):
        return _announcement_view(game, now, signups)


def _announcement_view(game: Game, now: datetime, signups: Sequence[Signup] | None) -> AnnouncementView:
    state, game_settings = game.state(now), game.settings
    # Players are mentioned, so nobody's name is read.
    people = roster_of(game, current_signups(game) if signups is None else signups, {})
    responses = list(game.responses.all()) if game_settings.answers else []
    host = display_names(game.guild_id, [game.host_id])[game.host_id]
    texts = GuildTexts(game.guild_id, channel=game.channel, zone=game.zone)
    allowed = AllowedActions(game, None, now)
    latest = recent_changes(game, now)
    change_lines = discord_change_lines(latest.changes, DisplayNames(game.guild_id)) if latest is not None else ()
    text = gettext(state_wording.STATE_TEXT[state])
    if state is State.CANCELLED and game.cancel_reason:
        text = f"{text}: {game.cancel_reason}"
    image_url, thumbnail_url = post_pictures(game)
    needs_text = minimum_wording.needs_text(game_settings.minimum) if state is State.SCHEDULED else ""
    seats_text = people.seats_text_in(state)
    return AnnouncementView(
        game_id=game.pk,
        guild_id=game.guild_id,
        title=game.title[:EMBED_TITLE],
        url=game.url,
        description=texts.for_discord(game.description, DESCRIPTION_SHOWN),
        state=state,
        state_text=text,
        starts_at=game.starts_at,
        duration_text=minutes_text(game.minutes),
        reminders_text=wording.reminders_text(game_settings.reminders)
        if game_settings.reminders and not state.over
        else "",
        host_name=host.text,
        host_avatar_url=host.avatar_url,
        seats_text=", ".join(filter(None, [seats_text, needs_text])),
        seated=tuple(name_with_confirmation(seat, _player_text(seat)) for seat in people.seated),
        waiting=tuple(name_with_confirmation(seat, _player_text(seat)) for seat in people.waiting),
        may_sign_up=allowed.leave,
        location=texts.location_for_discord(game_settings.location, LOCATION_SHOWN),
        calendar_url="" if state.over else settings.PUBLIC_URL + calendar_path(game),
        google_url="" if state.over else google_url(game, texts),
        join_label=join_label(game, people) if allowed.join else "",
        signup_text=signup_text(game, now),
        takes_responses=game_settings.answers,
        maybe=tuple(
            _with_note(f"<@{one.user_id}>", one.note) for one in responses if one.kind == GameResponse.Kind.TENTATIVE
        ),
        absent=tuple(
            _with_note(f"<@{one.user_id}>", one.note) for one in responses if one.kind == GameResponse.Kind.ABSENT
        ),
        rewards=spoiler(game.rewards),
        confirmed_text=people.confirmed_text,
        repeats_text="" if state.over else repeats_text(game),
        change_lines=tuple(change_lines),
        image_url=image_url,
        thumbnail_url=thumbnail_url,
        # @everyone, whose role has the guild's id, is never pinged.
        notified_role_ids=tuple(role for role in game_settings.notify_role_ids if role != game.guild_id),
        voice_channel_id=channel_to_show(game, now),
        language=language_of_guild(game.guild),
    )


def spoiler(text: str) -> str:
    """Return a user's text as a Discord spoiler.

    Bars in the text are escaped singly, so that they cannot end it.
    """
    return f"||{escape_markdown(text, FIELD_VALUE - 5)} ||" if text else ""


def _player_text(seat: RosterEntry) -> str:
    who = f"<@{seat.user_id}>" if seat.user_id else escape_markdown(seat.placeholder)
    if seat.inviter_id:
        who = wording.with_inviter(who, f"<@{seat.inviter_id}>")
    return _with_note(who, seat.note)


def _with_note(who: str, note: str) -> str:
    return f"{who} · {escape_markdown(note, NOTE_SHOWN)}" if note else who


def columns(lines: Sequence[str], room: int, url: str) -> list[str]:
    """Return numbered lines in columns, filled top-down, as phones show them one below the other.

    A few lines are one column. As many whole lines as fit into fields and, all together, into `room`
    characters; then how many more there are, linked to the page. [] for no lines.
    """
    numbered = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    # Not from the last line: of a thousand who wait, some forty fit.
    most = sum(total <= room for total in accumulate(map(len, numbered)))
    for shown in range(most, -1, -1):
        shown_lines = numbered[:shown]
        if shown < len(numbered):
            shown_lines.append(post_wording.more_people(len(numbered) - shown, url))
        height = -(-len(shown_lines) // COLUMNS) if len(shown_lines) > FEW_LINES else len(shown_lines)
        fields = ["\n".join(shown_lines[at : at + height]) for at in range(0, len(shown_lines), height or 1)]
        if all(len(column) <= FIELD_VALUE for column in fields) and sum(map(len, fields)) <= room:
            return fields
    return []
