"""Every setting, declared once, and resolving the settings of a game.

Guild, channel, template and game are the layers. Columns, form fields, groups of forms, admin fieldsets, options of
`manage.py game`, checks and words all follow from `Declarations`. CONTRIBUTING shows how to add one.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy, gettext_noop

from games.core import rules
from games.core.setting_kinds import (
    ChannelId,
    ChoiceSetting,
    DurationListSetting,
    DurationSetting,
    Group,
    MultiLineText,
    PictureSetting,
    Roles,
    RolesInOrder,
    Setting,
    Text,
    WholeNumber,
    YesNo,
    Zone,
)


class ReminderPlace(TextChoices):
    """Where reminders are sent."""

    DM = "dm", gettext_lazy("by direct message")
    CHANNEL = "channel", gettext_lazy("by mentions in the channel")
    THREAD = "thread", gettext_lazy("by mentions in the game's thread")


class SeatMethod(TextChoices):
    """How seats are given."""

    OPEN = "open", gettext_lazy("first come, first served")
    PRIORITY = "priority", gettext_lazy("by role, then first come, first served")
    PICKS_WAITING = "picks_waiting", gettext_lazy("the host picks from people who sign up")
    PICKS = "picks", gettext_lazy("the host picks; nobody signs up")

    @property
    def by_host(self) -> bool:
        """Return whether only the host gives seats."""
        return self in {SeatMethod.PICKS, SeatMethod.PICKS_WAITING}


class DeletedPostPolicy(TextChoices):
    """What to do when someone deletes an announcement in Discord."""

    PUT_BACK = "put_back", gettext_lazy("put it back")
    ASK = "ask", gettext_lazy("ask the host")


class PostPicture(TextChoices):
    """Which pictures an announcement shows."""

    NONE = "none", gettext_lazy("no picture")
    GIVEN = "given", gettext_lazy("the host's cover and thumbnail")
    DRAWN = "drawn", gettext_lazy("the host's pictures, or a cover we draw")


class ThreadStart(TextChoices):
    """When a game's thread is made."""

    NEVER = "never", gettext_lazy("no thread")
    POST = "post", gettext_lazy("with the post")
    START = "start", gettext_lazy("when the game starts")


class VoiceAccess(TextChoices):
    """Who may enter a game's voice channel."""

    NO_CHANNEL = "no_channel", gettext_lazy("no voice channel")
    EVERYONE = "everyone", gettext_lazy("for everyone who can see the game")
    PLAYERS = "players", gettext_lazy("for the players")


class DiscordChangePolicy(TextChoices):
    """What to do when someone changes or deletes in Discord what we made there for a game."""

    PUT_BACK = "put_back", gettext_lazy("put it back")
    TAKE_OVER = "take_over", gettext_lazy("keep the change")


class Declarations:
    """All settings, in the order in which they are recorded."""

    seats = WholeNumber(
        label=gettext_noop("Seats"),
        default=0,
        group=Group.BASICS,
        help=gettext_noop("From 1 to 100, or unlimited."),
        most=rules.SEATS_MAX,
        # The number is SEATS_MAX: a text with a place would be another text for translators.
        wrong=gettext_noop("Choose 1 to 100 seats, or write unlimited."),
        none=gettext_noop("unlimited"),
        reads=gettext_noop("{} seats"),
        reads_one=gettext_noop("1 seat"),
        reads_none=gettext_noop("unlimited seats"),
    )
    duration = DurationSetting(
        label=gettext_noop("Duration"),
        default=120,
        group=Group.BASICS,
        beside="seats",
        help=gettext_noop("How long the game lasts: 2h, 1h30m, 90 min."),
        least=rules.DURATION_MIN,
        most=rules.DURATION_MAX,
        wrong=gettext_noop("Choose 5 minutes to 7 days. Write 2h, 1h30m or 90 min."),
    )
    reminders = DurationListSetting(
        label=gettext_noop("Reminders"),
        default=(1440, 60),
        group=Group.GAME,
        help=gettext_noop("When we remind people before the start: 1d, 1h30m, 15. Or none."),
        least=rules.REMINDER_MIN,
        most=rules.REMINDER_MAX,
        count_max=rules.REMINDERS_MAX,
        wrong=gettext_noop("Choose 1 minute to 30 days before the start. Write 1 day, 2h30m, 15 min."),
        too_many=gettext_noop("{} reminders are too many. Keep at most {}."),
    )
    cover = PictureSetting(
        label=gettext_noop("Cover"),
        default="",
        group=Group.PICTURES,
        help=gettext_noop("A wide picture for the game's page and post. PNG, JPEG, GIF, WebP or AVIF, up to 8 MB."),
    )
    thumbnail = PictureSetting(
        label=gettext_noop("Thumbnail"),
        default="",
        group=Group.PICTURES,
        help=gettext_noop("A small picture for lists and the post. PNG, JPEG, GIF, WebP or AVIF, up to 8 MB."),
    )
    post_picture = ChoiceSetting(
        label=gettext_noop("Pictures in the post"),
        default=PostPicture.GIVEN,
        group=Group.PICTURES,
        help=gettext_noop("Which pictures the Discord post shows."),
        choices=PostPicture,
        reads={
            "none": gettext_noop("no picture"),
            "given": gettext_noop("the host's cover and thumbnail"),
            "drawn": gettext_noop("the host's pictures, or a cover we draw"),
        },
        column_length=8,
    )
    # Only layers above games: a game's zone is always its own.
    zone = Zone(
        label=gettext_noop("Time zone"),
        default="UTC",
        group=Group.BASICS,
        help=gettext_noop("For new games, unless the host chooses another."),
        for_games=False,
    )
    location = Text(
        label=gettext_noop("Location"),
        default="",
        group=Group.GAME,
        help=gettext_noop("Where you play: a place or an address. Or none."),
        most=rules.LOCATION_MAX,
    )
    instructions = MultiLineText(
        label=gettext_noop("For players only"),
        default="",
        group=Group.GAME,
        help=gettext_noop("What players need to know or do; only they see it. Or none."),
        most=rules.INSTRUCTIONS_MAX,
    )
    player_role_ids = Roles(
        label=gettext_noop("Who can sign up"),
        override_label=gettext_noop("Choose who can sign up"),
        default=(),
        group=Group.PEOPLE,
        help=gettext_noop("Tick none for every member."),
        reads_none=gettext_noop("every member"),
    )
    # Only layers above games: they decide who may host.
    host_role_ids = Roles(
        label=gettext_noop("Who can schedule"),
        override_label=gettext_noop("Choose who can schedule"),
        default=(),
        group=Group.HOSTS,
        help=gettext_noop("Tick none for server managers only."),
        reads_none=gettext_noop("managers only"),
        for_games=False,
    )
    notify_role_ids = Roles(
        label=gettext_noop("Who new announcements ping"),
        override_label=gettext_noop("Choose who announcements ping"),
        default=(),
        group=Group.PEOPLE,
        help=gettext_noop("Tick none to ping nobody."),
        reads_none=gettext_noop("nobody"),
        everyone=False,
        # Mentions of more do not fit one message, and Discord would refuse the whole announcement.
        most=50,
        too_many=gettext_noop("An announcement can ping at most {} roles. Choose fewer."),
    )
    confirm_by_dm = YesNo(
        label=gettext_noop("Confirm sign-ups by direct message"),
        default=False,
        group=Group.GAME,
        help=gettext_noop("Send people who sign up a message to keep."),
    )
    reminder_place = ChoiceSetting(
        label=gettext_noop("Where reminders arrive"),
        default=ReminderPlace.DM,
        group=Group.GAME,
        beside="reminders",
        help=gettext_noop("Where we send reminders."),
        choices=ReminderPlace,
        reads={
            "dm": gettext_noop("by direct message"),
            "channel": gettext_noop("by mentions in the channel"),
            "thread": gettext_noop("by mentions in the game's thread"),
        },
        column_length=8,
    )
    method = ChoiceSetting(
        label=gettext_noop("How seats are given"),
        default=SeatMethod.OPEN,
        group=Group.SIGNING_UP,
        help=gettext_noop("Who gets a seat."),
        choices=SeatMethod,
        reads={
            "open": gettext_noop("first come, first served"),
            "priority": gettext_noop("by role, then first come, first served"),
            "picks_waiting": gettext_noop("picked by the host from people who sign up"),
            "picks": gettext_noop("picked by the host; nobody signs up"),
        },
        column_length=16,
    )
    priority_role_ids = RolesInOrder(
        label=gettext_noop("Roles that come first"),
        default=(),
        group=Group.SIGNING_UP,
        beside="method",
        help=gettext_noop("When seats go by role: names in order, with commas between. Or none."),
        most=rules.PRIORITY_ROLES_MAX,
        too_many=gettext_noop("At most {} roles can come first. Remove some."),
        everyone=False,
    )
    answers = YesNo(
        label=gettext_noop("Maybe and Can't make it buttons"),
        default=False,
        group=Group.SIGNING_UP,
        help=gettext_noop("Let people answer Maybe or Can't make it."),
    )
    plus_one = YesNo(
        label=gettext_noop("Players can bring someone"),
        default=False,
        group=Group.SIGNING_UP,
        beside="answers",
        help=gettext_noop("Let each player bring one person, by name."),
    )
    signups_close = DurationSetting(
        label=gettext_noop("Sign-ups close"),
        default=0,
        group=Group.SIGNING_UP,
        help=gettext_noop("How long before the start: 30 min, 2h, 1d. None means at the start."),
        reads=gettext_noop("{} before the start"),
        reads_none=gettext_noop("at the start"),
    )
    offer_within = DurationSetting(
        label=gettext_noop("Offer free seats from"),
        default=120,
        group=Group.SIGNING_UP,
        beside="signups_close",
        help=gettext_noop(
            "How long before the start: 2h, 1d. From then on we ask people before seating them. None: never ask."
        ),
        reads=gettext_noop("{} before the start"),
        reads_none=gettext_noop("never"),
    )
    offer_for = DurationSetting(
        label=gettext_noop("Time to take an offered seat"),
        default=15,
        group=Group.SIGNING_UP,
        help=gettext_noop("After that we ask the next person."),
        least=rules.OFFER_MIN,
        most=rules.OFFER_MAX,
        wrong=gettext_noop("Give people 5 minutes to 1 day to take a seat."),
    )
    minimum = WholeNumber(
        label=gettext_noop("Fewest players"),
        default=0,
        group=Group.SIGNING_UP,
        help=gettext_noop("With fewer, we ask the host what to do. Or none."),
        most=rules.SEATS_MAX,
        wrong=gettext_noop("Write 1 to 100 players, or none."),
        reads=gettext_noop("{} at least"),
        reads_none=gettext_noop("any number"),
    )
    minimum_by = DurationSetting(
        label=gettext_noop("Ask the host about too few players"),
        default=1440,
        group=Group.SIGNING_UP,
        beside="minimum",
        help=gettext_noop("How long before the start we ask: 1d, 6h."),
        reads=gettext_noop("{} before the start"),
        reads_none=gettext_noop("never"),
    )
    players_become_regulars = YesNo(
        label=gettext_noop("Players become regulars in a series"),
        default=False,
        group=Group.SIGNING_UP,
        help=gettext_noop("Players seated when a game starts repeating get seats in the next ones."),
    )
    ask_if_moved = DurationSetting(
        label=gettext_noop("Ask players again after a move"),
        default=30,
        group=Group.CHANGES,
        help=gettext_noop("When the start moves by more than this: 30 min, 2h. Or none."),
        reads=gettext_noop("more than {}"),
        reads_none=gettext_noop("never"),
    )
    unconfirmed_lose_seat = YesNo(
        former_option="silence-frees",
        label=gettext_noop("Free the seats of players who don't answer"),
        default=False,
        group=Group.CHANGES,
        beside="ask_if_moved",
        help=gettext_noop("Players we ask again lose their seat if they don't answer."),
    )
    if_deleted = ChoiceSetting(
        label=gettext_noop("If someone deletes the post"),
        default=DeletedPostPolicy.PUT_BACK,
        group=Group.CHANGES,
        help=gettext_noop("What we do if someone deletes the post in Discord."),
        choices=DeletedPostPolicy,
        reads={"put_back": gettext_noop("put it back"), "ask": gettext_noop("ask the host")},
        column_length=8,
    )
    ask_rewards = YesNo(
        label=gettext_noop("Remind the host to write down rewards"),
        default=False,
        group=Group.AFTERWARDS,
        help=gettext_noop("Remind the host after the game to write down what players got."),
    )
    archive_channel_id = ChannelId(
        label=gettext_noop("Archive channel"),
        default=0,
        group=Group.AFTERWARDS,
        help=gettext_noop("Where the post moves when the game is over."),
        reads_none=gettext_noop("nowhere"),
        reads_unknown=gettext_noop("in its own channel"),
    )
    archive_after = DurationSetting(
        label=gettext_noop("Archive after"),
        default=1440,
        group=Group.AFTERWARDS,
        beside="archive_channel_id",
        help=gettext_noop("How long after the end: none, 12h, 1d."),
    )
    server_event = YesNo(
        label=gettext_noop("An event in the server's list"),
        default=False,
        group=Group.DISCORD,
        help=gettext_noop("Show the game among the server's events in Discord."),
    )
    publish = YesNo(
        label=gettext_noop("Publish the post to following servers"),
        default=False,
        group=Group.DISCORD,
        beside="server_event",
        help=gettext_noop("In announcement channels, send the post to the servers that follow."),
    )
    thread = ChoiceSetting(
        label=gettext_noop("A thread for the game"),
        default=ThreadStart.NEVER,
        group=Group.DISCORD,
        help=gettext_noop(
            "Start a thread under the post and add the players. "
            "In a forum the post is the thread, and its tags follow the game."
        ),
        choices=ThreadStart,
        reads={
            "never": gettext_noop("no thread"),
            "post": gettext_noop("with the post"),
            "start": gettext_noop("when the game starts"),
        },
        column_length=8,
    )
    voice_channel = ChoiceSetting(
        label=gettext_noop("A voice channel for the game"),
        default=VoiceAccess.NO_CHANNEL,
        group=Group.DISCORD,
        beside="thread",
        help=gettext_noop("We make it 15 minutes before the start and delete it, once empty, afterwards."),
        choices=VoiceAccess,
        reads={
            "no_channel": gettext_noop("no voice channel"),
            "everyone": gettext_noop("for everyone who can see the game"),
            "players": gettext_noop("for the players"),
        },
        column_length=12,
    )
    player_role = YesNo(
        label=gettext_noop("A role for the players"),
        default=False,
        group=Group.DISCORD,
        help=gettext_noop("Give the players their own role until the game is over."),
    )
    discord_changes = ChoiceSetting(
        label=gettext_noop("If someone changes these in Discord"),
        default=DiscordChangePolicy.PUT_BACK,
        group=Group.DISCORD,
        beside="player_role",
        help=gettext_noop("What we do if someone changes or deletes these in Discord."),
        choices=DiscordChangePolicy,
        reads={"put_back": gettext_noop("put it back"), "take_over": gettext_noop("keep the change")},
        column_length=12,
    )
    # Only layers above games: what strangers may read, the server's managers decide.
    public_page = YesNo(
        label=gettext_noop("Show a shared game to anyone with its link"),
        default=False,
        group=Group.SHARING,
        help=gettext_noop("Title, time and seats, of games in channels that everyone sees."),
        for_games=False,
    )
    public_names = YesNo(
        label=gettext_noop("Name its host and players there"),
        default=False,
        group=Group.SHARING,
        beside="public_page",
        help=gettext_noop("Else strangers see only how many play."),
        for_games=False,
    )


SETTINGS: Mapping[str, Setting[Any]] = {
    name: setting for name, setting in vars(Declarations).items() if isinstance(setting, Setting)
}
ALL_SETTINGS = tuple(SETTINGS)
GAME_SETTINGS = tuple(name for name, setting in SETTINGS.items() if setting.for_games)
PICTURE_SETTINGS = tuple(name for name, setting in SETTINGS.items() if isinstance(setting, PictureSetting))
ROLE_SETTINGS = tuple(name for name, setting in SETTINGS.items() if isinstance(setting, Roles))
# As columns keep them.
BUILT_IN_VALUES: Mapping[str, Any] = {
    name: setting.default.value if isinstance(setting.default, TextChoices) else setting.default
    for name, setting in SETTINGS.items()
}


def group_rows(group: Group) -> list[list[Setting[Any]]]:
    """Return a group's settings in rows, as forms show them: each setting with those beside it."""
    members = [setting for setting in SETTINGS.values() if setting.group is group]
    return [[first, *(one for one in members if one.beside == first.name)] for first in members if not first.beside]


# In the order of forms.
SETTINGS_BY_GROUP = {group: [one for row in group_rows(group) for one in row] for group in Group}


# --- values ----------------------------------------------------------------------------------------------


def tidy_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of settings, by name, in the form in which every layer stores them; None inherits."""
    return {name: None if value is None else SETTINGS[name].tidy(value) for name, value in values.items()}


def check_settings(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the problem with each bad value of a setting, as a sentence. None inherits and is never wrong.

    Names of other fields are ignored.
    """
    given = {name: value for name, value in values.items() if name in SETTINGS and value is not None}
    problems = {name: SETTINGS[name].check(value) for name, value in given.items()}
    return {name: sentence for name, sentence in problems.items() if sentence}


def setting_text(name: str, value: Any, roles: Mapping[int, str], channels: Mapping[int, str] = {}) -> str:
    """Return a setting's value as text: `unlimited seats`, `2 hours`, `Player, Veteran`, `#archive`."""
    return SETTINGS[name].text(value, roles, channels)
