"""Every setting, declared once, and resolving the settings of a game.

Guild, channel, template and game are the layers. Columns, form fields, groups of forms, admin fieldsets, options of
`manage.py game`, checks and words all follow from `Declarations`. CONTRIBUTING shows how to add one.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices

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

    DM = "dm", "by direct message"
    CHANNEL = "channel", "by mentions in the channel"
    THREAD = "thread", "by mentions in the game's thread"


class SeatMethod(TextChoices):
    """How seats are given."""

    OPEN = "open", "first come, first served"
    PRIORITY = "priority", "by role, then first come, first served"
    PICKS_WAITING = "picks_waiting", "the host picks from people who sign up"
    PICKS = "picks", "the host picks; nobody signs up"

    @property
    def by_host(self) -> bool:
        """Return whether only the host gives seats."""
        return self in {SeatMethod.PICKS, SeatMethod.PICKS_WAITING}


class DeletedPostPolicy(TextChoices):
    """What to do when someone deletes an announcement in Discord."""

    PUT_BACK = "put_back", "put it back"
    ASK = "ask", "ask the host"


class PostPicture(TextChoices):
    """Which pictures an announcement shows."""

    NONE = "none", "no picture"
    GIVEN = "given", "the host's cover and thumbnail"
    DRAWN = "drawn", "the host's pictures, or a cover we draw"


class ThreadStart(TextChoices):
    """When a game's thread is made."""

    NEVER = "never", "no thread"
    POST = "post", "with the post"
    START = "start", "when the game starts"


class VoiceAccess(TextChoices):
    """Who may enter a game's voice channel."""

    NO_CHANNEL = "no_channel", "no voice channel"
    EVERYONE = "everyone", "for everyone who can see the game"
    PLAYERS = "players", "for the players"


class DiscordChangePolicy(TextChoices):
    """What to do when someone changes or deletes in Discord what we made there for a game."""

    PUT_BACK = "put_back", "put it back"
    TAKE_OVER = "take_over", "keep the change"


class Declarations:
    """All settings, in the order in which they are recorded."""

    seats = WholeNumber(
        label="Seats",
        default=0,
        group=Group.BASICS,
        help="From 1 to 100, or unlimited.",
        most=rules.SEATS_MAX,
        wrong=f"Choose 1 to {rules.SEATS_MAX} seats, or write unlimited.",
        none="unlimited",
        reads="{} seats",
        reads_one="1 seat",
        reads_none="unlimited seats",
    )
    duration = DurationSetting(
        label="Duration",
        default=120,
        group=Group.BASICS,
        beside="seats",
        help="How long the game lasts: 2h, 1h30m, 90 min.",
        least=rules.DURATION_MIN,
        most=rules.DURATION_MAX,
        wrong="Choose 5 minutes to 7 days. Write 2h, 1h30m or 90 min.",
    )
    reminders = DurationListSetting(
        label="Reminders",
        default=(1440, 60),
        group=Group.GAME,
        help="When we remind people before the start: 1d, 1h30m, 15. Or none.",
        least=rules.REMINDER_MIN,
        most=rules.REMINDER_MAX,
        count_max=rules.REMINDERS_MAX,
        wrong="Choose 1 minute to 30 days before the start. Write 1 day, 2h30m, 15 min.",
        too_many="{} reminders are too many. Keep at most {}.",
    )
    cover = PictureSetting(
        label="Cover",
        default="",
        group=Group.PICTURES,
        help="A wide picture for the game's page and post. PNG, JPEG, GIF, WebP or AVIF, up to 8 MB.",
    )
    thumbnail = PictureSetting(
        label="Thumbnail",
        default="",
        group=Group.PICTURES,
        help="A small picture for lists and the post. PNG, JPEG, GIF, WebP or AVIF, up to 8 MB.",
    )
    post_picture = ChoiceSetting(
        label="Pictures in the post",
        default=PostPicture.GIVEN,
        group=Group.PICTURES,
        help="Which pictures the Discord post shows.",
        choices=PostPicture,
        reads={
            "none": "no picture",
            "given": "the host's cover and thumbnail",
            "drawn": "the host's pictures, or a cover we draw",
        },
        column_length=8,
    )
    # Only layers above games: a game's zone is always its own.
    zone = Zone(
        label="Time zone",
        default="UTC",
        group=Group.BASICS,
        help="For new games, unless the host chooses another.",
        for_games=False,
    )
    location = Text(
        label="Location",
        default="",
        group=Group.GAME,
        help="Where you play: a place or an address. Or none.",
        most=rules.LOCATION_MAX,
    )
    instructions = MultiLineText(
        label="For players only",
        default="",
        group=Group.GAME,
        help="What players need to know or do; only they see it. Or none.",
        most=rules.INSTRUCTIONS_MAX,
    )
    player_role_ids = Roles(
        label="Who can sign up",
        override_label="Choose who can sign up",
        default=(),
        group=Group.PEOPLE,
        help="Tick none for every member.",
        reads_none="every member",
    )
    # Only layers above games: they decide who may host.
    host_role_ids = Roles(
        label="Who can schedule",
        override_label="Choose who can schedule",
        default=(),
        group=Group.HOSTS,
        help="Tick none for server managers only.",
        reads_none="managers only",
        for_games=False,
    )
    notify_role_ids = Roles(
        label="Who new announcements ping",
        override_label="Choose who announcements ping",
        default=(),
        group=Group.PEOPLE,
        help="Tick none to ping nobody.",
        reads_none="nobody",
        everyone=False,
        # Mentions of more do not fit one message, and Discord would refuse the whole announcement.
        most=50,
        too_many="An announcement can ping at most {} roles. Choose fewer.",
    )
    confirm_by_dm = YesNo(
        label="Confirm sign-ups by direct message",
        default=False,
        group=Group.GAME,
        help="Send people who sign up a message to keep.",
    )
    reminder_place = ChoiceSetting(
        label="Where reminders arrive",
        default=ReminderPlace.DM,
        group=Group.GAME,
        beside="reminders",
        help="Where we send reminders.",
        choices=ReminderPlace,
        reads={
            "dm": "by direct message",
            "channel": "by mentions in the channel",
            "thread": "by mentions in the game's thread",
        },
        column_length=8,
    )
    method = ChoiceSetting(
        label="How seats are given",
        default=SeatMethod.OPEN,
        group=Group.SIGNING_UP,
        help="Who gets a seat.",
        choices=SeatMethod,
        reads={
            "open": "first come, first served",
            "priority": "by role, then first come, first served",
            "picks_waiting": "picked by the host from people who sign up",
            "picks": "picked by the host; nobody signs up",
        },
        column_length=16,
    )
    priority_role_ids = RolesInOrder(
        label="Roles that come first",
        default=(),
        group=Group.SIGNING_UP,
        beside="method",
        help="When seats go by role: names in order, with commas between. Or none.",
        most=rules.PRIORITY_ROLES_MAX,
        too_many="At most {} roles can come first. Remove some.",
        everyone=False,
    )
    answers = YesNo(
        label="Maybe and Can't make it buttons",
        default=False,
        group=Group.SIGNING_UP,
        help="Let people answer Maybe or Can't make it.",
    )
    plus_one = YesNo(
        label="Players can bring someone",
        default=False,
        group=Group.SIGNING_UP,
        beside="answers",
        help="Let each player bring one person, by name.",
    )
    signups_close = DurationSetting(
        label="Sign-ups close",
        default=0,
        group=Group.SIGNING_UP,
        help="How long before the start: 30 min, 2h, 1d. None means at the start.",
        reads="{} before the start",
        reads_none="at the start",
    )
    offer_within = DurationSetting(
        label="Offer free seats from",
        default=120,
        group=Group.SIGNING_UP,
        beside="signups_close",
        help="How long before the start: 2h, 1d. From then on we ask people before seating them. None: never ask.",
        reads="{} before the start",
        reads_none="never",
    )
    offer_for = DurationSetting(
        label="Time to take an offered seat",
        default=15,
        group=Group.SIGNING_UP,
        help="After that we ask the next person.",
        least=rules.OFFER_MIN,
        most=rules.OFFER_MAX,
        wrong="Give people 5 minutes to 1 day to take a seat.",
    )
    minimum = WholeNumber(
        label="Fewest players",
        default=0,
        group=Group.SIGNING_UP,
        help="With fewer, we ask the host what to do. Or none.",
        most=rules.SEATS_MAX,
        wrong=f"Write 1 to {rules.SEATS_MAX} players, or none.",
        reads="{} at least",
        reads_none="any number",
    )
    minimum_by = DurationSetting(
        label="Ask the host about too few players",
        default=1440,
        group=Group.SIGNING_UP,
        beside="minimum",
        help="How long before the start we ask: 1d, 6h.",
        reads="{} before the start",
        reads_none="never",
    )
    players_become_regulars = YesNo(
        label="Players become regulars in a series",
        default=False,
        group=Group.SIGNING_UP,
        help="Players seated when a game starts repeating get seats in the next ones.",
    )
    ask_if_moved = DurationSetting(
        label="Ask players again after a move",
        default=30,
        group=Group.CHANGES,
        help="When the start moves by more than this: 30 min, 2h. Or none.",
        reads="more than {}",
        reads_none="never",
    )
    unconfirmed_lose_seat = YesNo(
        former_option="silence-frees",
        label="Free the seats of players who don't answer",
        default=False,
        group=Group.CHANGES,
        beside="ask_if_moved",
        help="Players we ask again lose their seat if they don't answer.",
    )
    if_deleted = ChoiceSetting(
        label="If someone deletes the post",
        default=DeletedPostPolicy.PUT_BACK,
        group=Group.CHANGES,
        help="What we do if someone deletes the post in Discord.",
        choices=DeletedPostPolicy,
        reads={"put_back": "put it back", "ask": "ask the host"},
        column_length=8,
    )
    ask_rewards = YesNo(
        label="Remind the host to write down rewards",
        default=False,
        group=Group.AFTERWARDS,
        help="Remind the host after the game to write down what players got.",
    )
    archive_channel_id = ChannelId(
        label="Archive channel",
        default=0,
        group=Group.AFTERWARDS,
        help="Where the post moves when the game is over.",
        reads_none="nowhere",
        reads_unknown="in its own channel",
    )
    archive_after = DurationSetting(
        label="Archive after",
        default=1440,
        group=Group.AFTERWARDS,
        beside="archive_channel_id",
        help="How long after the end: none, 12h, 1d.",
    )
    server_event = YesNo(
        label="An event in the server's list",
        default=False,
        group=Group.DISCORD,
        help="Show the game among the server's events in Discord.",
    )
    publish = YesNo(
        label="Publish the post to following servers",
        default=False,
        group=Group.DISCORD,
        beside="server_event",
        help="In announcement channels, send the post to the servers that follow.",
    )
    thread = ChoiceSetting(
        label="A thread for the game",
        default=ThreadStart.NEVER,
        group=Group.DISCORD,
        help="Start a thread under the post and add the players. "
        "In a forum the post is the thread, and its tags follow the game.",
        choices=ThreadStart,
        reads={"never": "no thread", "post": "with the post", "start": "when the game starts"},
        column_length=8,
    )
    voice_channel = ChoiceSetting(
        label="A voice channel for the game",
        default=VoiceAccess.NO_CHANNEL,
        group=Group.DISCORD,
        beside="thread",
        help="We make it 15 minutes before the start and delete it, once empty, afterwards.",
        choices=VoiceAccess,
        reads={
            "no_channel": "no voice channel",
            "everyone": "for everyone who can see the game",
            "players": "for the players",
        },
        column_length=12,
    )
    player_role = YesNo(
        label="A role for the players",
        default=False,
        group=Group.DISCORD,
        help="Give the players their own role until the game is over.",
    )
    discord_changes = ChoiceSetting(
        label="If someone changes these in Discord",
        default=DiscordChangePolicy.PUT_BACK,
        group=Group.DISCORD,
        beside="player_role",
        help="What we do if someone changes or deletes these in Discord.",
        choices=DiscordChangePolicy,
        reads={"put_back": "put it back", "take_over": "keep the change"},
        column_length=12,
    )
    # Only layers above games: what strangers may read, the server's managers decide.
    public_page = YesNo(
        label="Show a shared game to anyone with its link",
        default=False,
        group=Group.SHARING,
        help="Title, time and seats, of games in channels that everyone sees.",
        for_games=False,
    )
    public_names = YesNo(
        label="Name its host and players there",
        default=False,
        group=Group.SHARING,
        beside="public_page",
        help="Else strangers see only how many play.",
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
