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

    OPEN = "open", "whoever asks first"
    PRIORITY = "priority", "by role, then whoever asks first"
    PICKS_WAITING = "picks_waiting", "the host picks from those who asked"
    PICKS = "picks", "the host picks, nobody asks"

    @property
    def by_host(self) -> bool:
        """Return whether only the host gives seats."""
        return self in {SeatMethod.PICKS, SeatMethod.PICKS_WAITING}


class DeletedPostPolicy(TextChoices):
    """What to do when somebody deletes an announcement in Discord."""

    PUT_BACK = "put_back", "put it back"
    ASK = "ask", "ask the host"


class PostPicture(TextChoices):
    """Which pictures an announcement shows."""

    NONE = "none", "no picture"
    GIVEN = "given", "the cover and thumbnail that the host chose"
    DRAWN = "drawn", "the same, and a drawn cover where there is none"


class ThreadStart(TextChoices):
    """When a game's thread is made."""

    NEVER = "never", "no thread"
    POST = "post", "with the post"
    START = "start", "when the game starts"


class VoiceAccess(TextChoices):
    """Who may enter a game's voice channel."""

    NO_CHANNEL = "no_channel", "no voice channel"
    EVERYONE = "everyone", "for everyone who sees the game"
    PLAYERS = "players", "for its players"


class DiscordChangePolicy(TextChoices):
    """What to do when somebody changes or deletes in Discord what we made there for a game."""

    PUT_BACK = "put_back", "put it back"
    TAKE_OVER = "take_over", "take it over"


class Declarations:
    """All settings, in the order in which they are recorded."""

    seats = WholeNumber(
        label="Seats",
        default=0,
        group=Group.BASICS,
        help="1 to 100, or unlimited.",
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
        help="How long a game lasts: 2h, 1h30m, 90 min.",
        least=rules.DURATION_MIN,
        most=rules.DURATION_MAX,
        wrong="A game lasts 5 minutes to 7 days. Write 2h, 1h30m or 90 min.",
    )
    reminders = DurationListSetting(
        label="Reminders",
        default=(1440, 60),
        group=Group.GAME,
        help="How long before the start people are reminded: 1d, 1h30m, 15. Or none.",
        least=rules.REMINDER_MIN,
        most=rules.REMINDER_MAX,
        count_max=rules.REMINDERS_MAX,
        wrong="A reminder comes 1 minute to 30 days before the start. Write 1 day, 2h30m, 15 min.",
        too_many="{} reminders are too many. Keep at most {}.",
    )
    cover = PictureSetting(
        label="Cover",
        default="",
        group=Group.PICTURES,
        help="Wide, on top of the game's page and in its post. PNG, JPEG, GIF, WebP or AVIF, up to 8 MB.",
    )
    thumbnail = PictureSetting(
        label="Thumbnail",
        default="",
        group=Group.PICTURES,
        help="Small, in lists and beside the post's text. PNG, JPEG, GIF, WebP or AVIF, up to 8 MB.",
    )
    post_picture = ChoiceSetting(
        label="Pictures in the post",
        default=PostPicture.GIVEN,
        group=Group.PICTURES,
        help="Which pictures the post in Discord shows.",
        choices=PostPicture,
        reads={
            "none": "no picture",
            "given": "the cover and thumbnail that the host chose",
            "drawn": "the same, and a drawn cover where there is none",
        },
        column_length=8,
    )
    # Only layers above games: a game's zone is always its own.
    zone = Zone(
        label="Time zone",
        default="UTC",
        group=Group.BASICS,
        help="In which new games are meant, unless the host chooses another.",
        for_games=False,
    )
    location = Text(
        label="Location",
        default="",
        group=Group.GAME,
        help="Where it is played: a place, an address. Or none.",
        most=rules.LOCATION_MAX,
    )
    instructions = MultiLineText(
        label="For those who sign up",
        default="",
        group=Group.GAME,
        help="What they are to know or do; shown to players only. Or none.",
        most=rules.INSTRUCTIONS_MAX,
    )
    player_role_ids = Roles(
        label="Who may sign up",
        override_label="Choose who may sign up",
        default=(),
        group=Group.PEOPLE,
        help="None ticked: every member.",
        reads_none="every member",
    )
    # Only layers above games: they decide who may host.
    host_role_ids = Roles(
        label="Who may schedule",
        override_label="Choose who may schedule",
        default=(),
        group=Group.HOSTS,
        help="None ticked: only those who manage the server.",
        reads_none="managers only",
        for_games=False,
    )
    notify_role_ids = Roles(
        label="Who is pinged by a new announcement",
        override_label="Choose who is pinged",
        default=(),
        group=Group.PEOPLE,
        help="None ticked: nobody.",
        reads_none="nobody",
        everyone=False,
        # Mentions of more do not fit one message, and Discord would refuse the whole announcement.
        most=50,
        too_many="An announcement pings at most {} roles. Choose fewer.",
    )
    confirm_by_dm = YesNo(
        label="A copy of the answer by direct message",
        default=False,
        group=Group.GAME,
        help="Send a copy of the answer to keep.",
    )
    reminder_place = ChoiceSetting(
        label="How people are reminded",
        default=ReminderPlace.DM,
        group=Group.GAME,
        beside="reminders",
        help="Where people are reminded.",
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
        help="How seats are given.",
        choices=SeatMethod,
        reads={
            "open": "to whoever asks first",
            "priority": "by role, then to whoever asks first",
            "picks_waiting": "by the host, from those who asked",
            "picks": "by the host, and nobody asks",
        },
        column_length=16,
    )
    priority_role_ids = RolesInOrder(
        label="Roles that come first",
        default=(),
        group=Group.SIGNING_UP,
        beside="method",
        help="Where seats are given by role: names, the first first, with commas between. Or none.",
        most=rules.PRIORITY_ROLES_MAX,
        too_many="{} roles are the most that can come first. Take some out.",
        everyone=False,
    )
    answers = YesNo(
        label="Buttons for Maybe and Can't make it",
        default=False,
        group=Group.SIGNING_UP,
        help="People may also answer Maybe and Can't make it.",
    )
    plus_one = YesNo(
        label="Players may bring somebody",
        default=False,
        group=Group.SIGNING_UP,
        beside="answers",
        help="Players may bring one person, by name.",
    )
    signups_close = DurationSetting(
        label="Sign-ups close",
        default=0,
        group=Group.SIGNING_UP,
        help="How long before the start: 30 min, 2h, 1d. None: at the start.",
        reads="{} before the start",
        reads_none="at the start",
    )
    offer_within = DurationSetting(
        label="Free seats are offered from",
        default=120,
        group=Group.SIGNING_UP,
        beside="signups_close",
        help="How long before the start: 2h, 1d. From then on who waits is asked first. None: always given.",
        reads="{} before the start",
        reads_none="never",
    )
    offer_for = DurationSetting(
        label="Time to take an offered seat",
        default=15,
        group=Group.SIGNING_UP,
        help="After it the next one is asked.",
        least=rules.OFFER_MIN,
        most=rules.OFFER_MAX,
        wrong="Give people 5 minutes to 1 day to take a seat.",
    )
    minimum = WholeNumber(
        label="Fewest players",
        default=0,
        group=Group.SIGNING_UP,
        help="With fewer, the host is asked what to do. Or none.",
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
        help="How long before the start you are asked: 1d, 6h.",
        reads="{} before the start",
        reads_none="never",
    )
    players_become_regulars = YesNo(
        label="Players become regulars when it repeats",
        default=False,
        group=Group.SIGNING_UP,
        help="Who has a seat when a game is made to repeat is seated in the next ones.",
    )
    ask_if_moved = DurationSetting(
        label="Ask players again when it moves",
        default=30,
        group=Group.CHANGES,
        help="When the start moves by more than this: 30, 2h. Or none.",
        reads="more than {}",
        reads_none="never",
    )
    unconfirmed_lose_seat = YesNo(
        former_option="silence-frees",
        label="Who does not answer loses the seat",
        default=False,
        group=Group.CHANGES,
        beside="ask_if_moved",
        help="Who is asked again and does not answer loses the seat.",
    )
    if_deleted = ChoiceSetting(
        label="When the post is deleted in Discord",
        default=DeletedPostPolicy.PUT_BACK,
        group=Group.CHANGES,
        help="When somebody deletes the post.",
        choices=DeletedPostPolicy,
        reads={"put_back": "it is put back", "ask": "the host is asked"},
        column_length=8,
    )
    ask_rewards = YesNo(
        label="Remind the host to write down rewards",
        default=False,
        group=Group.AFTERWARDS,
        help="Remind the host to write down the rewards.",
    )
    archive_channel_id = ChannelId(
        label="Archive channel",
        default=0,
        group=Group.AFTERWARDS,
        help="Where the post goes when the game is over.",
        reads_none="nowhere",
        reads_unknown="in a channel of its own",
    )
    archive_after = DurationSetting(
        label="Time until it is archived",
        default=1440,
        group=Group.AFTERWARDS,
        beside="archive_channel_id",
        help="After the end: none, 12h, 1d.",
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
        help="In announcement channels: send the post to the servers that follow.",
    )
    thread = ChoiceSetting(
        label="A thread for the game",
        default=ThreadStart.NEVER,
        group=Group.DISCORD,
        help="Make a thread under the post, with its players in it. "
        "In a forum the post is one, and its tags follow the game.",
        choices=ThreadStart,
        reads={"never": "no thread", "post": "with the post", "start": "when the game starts"},
        column_length=8,
    )
    voice_channel = ChoiceSetting(
        label="A voice channel for the game",
        default=VoiceAccess.NO_CHANNEL,
        group=Group.DISCORD,
        beside="thread",
        help="Make a voice channel 15 minutes before the start, and delete it when it is empty after the end.",
        choices=VoiceAccess,
        reads={
            "no_channel": "no voice channel",
            "everyone": "for everyone who sees the game",
            "players": "for its players",
        },
        column_length=12,
    )
    player_role = YesNo(
        label="A role for its players",
        default=False,
        group=Group.DISCORD,
        help="Give its players a role of the game's own until it is over.",
    )
    discord_changes = ChoiceSetting(
        label="When somebody changes these in Discord",
        default=DiscordChangePolicy.PUT_BACK,
        group=Group.DISCORD,
        beside="player_role",
        help="Whether a change or deletion of these in Discord holds.",
        choices=DiscordChangePolicy,
        reads={"put_back": "it is put back", "take_over": "it holds"},
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
