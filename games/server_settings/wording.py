"""All wording about the settings of a guild, its channels and templates, and about setting it up."""

from collections.abc import Mapping, Sequence

from games.core.setting_kinds import Group
from games.core.settings import SETTINGS
from games.models.agenda import AgendaProblem
from games.server_settings import language_wording
from gamesched.lib.durations import DurationProblem

UNKNOWN_GUILD = "We don't know this server, or you or the bot aren't in it."
MANAGERS_ONLY = "Only managers can do that: the owner, Manage Server, or a manager role."
STALE_SETTINGS = "Someone changed this while you were editing. Nothing is saved yet. Compare both below."
UNKNOWN_ROLE = "One of these roles no longer exists. Choose again."
EVERYONE_MANAGES = "Then every member manages every game. Choose another role."
EVERYONE_PINGED = "You can't ping @everyone. Choose other roles."
CHOOSE_SEVERAL = "Hold Ctrl or ⌘ to choose several."
TEMPLATES = "the templates"
UNKNOWN_TEMPLATE = "That template is gone. Choose one from the list."
OTHER_TEMPLATES = "Someone added or deleted a template. Nothing moved. Check the list again."
REORDERED = "Order saved."

NOTHING_CHANGED = "Nothing changed."
SETTING_LABELS = {name: setting.label for name, setting in SETTINGS.items()}


# --- lengths of time -----------------------------------------------------------------------------------------

DURATION_PROBLEMS = {
    DurationProblem.UNKNOWN: "“{}” isn't a length of time.",
    DurationProblem.AMBIGUOUS: "“{}” can mean two things.",
    DurationProblem.NOT_WHOLE: "“{}” isn't a whole number of minutes.",
    DurationProblem.TOO_LONG: "“{}” is too long.",
}


def bad_duration(problem: DurationProblem, part: str, listed: bool) -> str:
    """Return the refusal of what was typed as a length of time, with an example of how to write it."""
    example = "1 day, 2h30m, 15 min" if listed else "1h30m, 90 min or 2 days"
    return f"{DURATION_PROBLEMS[problem].format(part)} Write it as {example}."


# --- saving --------------------------------------------------------------------------------------------------


def settings_saved(changed: bool, games: int) -> str:
    if not changed:
        return NOTHING_CHANGED
    if not games:
        return "Settings saved."
    return f"Settings saved. {games_follow(games)}"


def games_follow(games: int) -> str:
    return "1 upcoming game follows." if games == 1 else f"{games} upcoming games follow."


def games_change(games: int) -> str:
    """Return the heading of the upcoming games that change if this is saved."""
    return "1 upcoming game changes" if games == 1 else f"{games} upcoming games change"


def would_change(games: int) -> str:
    """Return what saving would do, while somebody still types."""
    if not games:
        return "No upcoming game changes."
    return f"{games_change(games)} when you save."


def channel_deleted(name: str) -> str:
    return f"#{name} was deleted in Discord. You can't change its settings any more."


def default_stays(name: str) -> str:
    return f"{name} is the default. Make another template the default first, then delete it."


def made_default(name: str) -> str:
    return f"{name} is now the default template."


def duplicated(name: str, copy: str) -> str:
    return f"Duplicated {name} as {copy}."


def copy_of(name: str, others: Sequence[str]) -> str:
    """Return a name for a copy that no other template has."""
    taken = {other.casefold() for other in others}
    for number in range(1, len(taken) + 2):
        ending = " (copy)" if number == 1 else f" (copy {number})"
        if (copy_name := name[: 80 - len(ending)] + ending).casefold() not in taken:
            return copy_name
    raise AssertionError("one more name than there are templates is free")


def template_deleted(name: str, games: int) -> str:
    if games == 1:
        return f"Deleted {name}. 1 upcoming game now uses its channel's and the server's settings."
    if games:
        return f"Deleted {name}. {games} upcoming games now use their channel's and the server's settings."
    return f"Deleted {name}."


def too_many_templates(most: int) -> str:
    return f"A server can have {most} templates. Delete one you don't need."


# --- setting up ------------------------------------------------------------------------------------------


def welcome(guild: str, url: str, set_up: bool) -> str:
    """Return the message to the owner when the bot joined; a guild that was set up before keeps its settings."""
    if set_up:
        return f"👋 I'm back in {guild}. Your earlier settings still hold. Check them here:\n{url}"
    return (
        f"👋 I'm in {guild}. Three steps to your first game, in two minutes:\n{url}\n"
        "Until then only managers can schedule."
    )


def test_message(url: str) -> str:
    return f"✅ A test: I can announce games in this channel. You can delete this message.\n<{url}>"


def test_result(closed: bool, dropped: str, error: str) -> str:
    """Return the result of a test message."""
    if not closed:
        return f"Sending a test message{f' ({error})' if error else ''}. Reload this page in a moment."
    if dropped:
        return f"The last test message didn't arrive: {error or dropped}"
    return "The last test message arrived."


FORUM_TIDIER = "With Manage Posts the bot can delete a moved game's post. Without, it empties and closes it."
TEST_POST = "Test"  # the title of a test message's post in a forum
TEST_SENT = "Sending a test message. See the result beside the channel."


def permission_advice(channel: str, permissions: Sequence[str], tag: bool) -> str:
    """Return where to click in Discord."""
    steps = []
    if permissions:
        steps.append(
            f"In Discord, open Edit Channel of {channel}, then Permissions, then Advanced permissions. "
            f"Add the bot and allow {' and '.join(permissions)}."
        )
    if tag:
        steps.append(
            f"Posts in {channel} need a tag, and the bot may use none. In Discord, open Edit Channel, then Tags. "
            "Add one for everyone, or stop requiring tags."
        )
    return " ".join(steps)


def _named(roles: Sequence[str], people: int) -> str:
    count = f"{people} {'person' if people == 1 else 'people'} by name"
    return ", ".join([*roles, *([count] if people else [])])


def viewed_by_everyone(but_roles: Sequence[str], but_people: int) -> str:
    """Return who sees the games announced in a channel that @everyone may view."""
    but = _named(but_roles, but_people)
    return f"Everyone sees the games here, except {but}." if but else "Everyone sees the games here."


def viewed_by(roles: Sequence[str], people: int) -> str:
    """Return who sees the games announced in a channel that not everyone may view."""
    who = _named(roles, people)
    if not who:
        return "Only the owner and administrators see the games here."
    return f"The owner, administrators and these see the games here: {who}."


NOT_FOR_GAMES = {
    2: "A voice channel. Announce games in a text channel, and name this one as a location.",
    13: "A stage channel. Announce games in a text channel, and name this one as a location.",
    16: "A media channel. Choose a text channel or a forum instead.",
}
NOT_FOR_GAMES_OTHER = "Not a text channel. Choose another for games."
# What stands in Discord beside a game's post, as the setup page names it.
FEATURES: Mapping[str, str] = {
    "server_event": "An event for each game",
    "thread": "A thread for each game",
    "voice_channel": "A voice channel for each game",
    "player_role": "A role for each game's players",
    "pinned_agenda": "Pinned agendas",
}
THREADS = "Hosts can also choose open threads there. The bot needs Send Messages in Threads."
HOST_ROLES_HELP = "Managers always can. Tick none for managers only."


def named_channels(names: Sequence[str]) -> str:
    """Return a few channels by name, and how many more: `#general, #raids and 3 more`."""
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3} more"


NOT_SET_UP = "This server isn't set up yet, so only managers can schedule games."
ASK_A_MANAGER = "Ask its owner or a manager."
BOT_REMOVED = (
    "The bot is no longer in {guild}. We keep its games and settings for {days} days. Invite the bot again to go on."
)


def switched(count: int) -> str:
    if not count:
        return NOTHING_CHANGED
    return "1 channel switched." if count == 1 else f"{count} channels switched."


# --- the pages -------------------------------------------------------------------------------------------


def channel_off(name: str, deleted: bool) -> str:
    return f"#{name} (deleted)" if deleted else f"#{name} (not for games)"


TEMPLATE_PRESETS = {
    "one-shot": ("Tabletop one-shot", "5 seats, 4 hours."),
    "raid": ("Raid", "20 seats, 3 hours, and the announcement pings a role."),
    "evening": ("Board game evening", "Unlimited seats, 3 hours."),
}
TEMPLATE_DELETED = "Someone deleted {name} meanwhile. Nothing is saved."
NO_TEMPLATES = "No templates yet. One fills in what your games share."
PREVIEW = "Saving changes upcoming games. Nothing is saved yet."

OTHER_LABELS = {
    "manager_role_ids": "Who manages games",
    "pingable_role_ids": "Roles that hosts may ping",
    "for_games": "Open for games",
    "agenda_days": "Days in the agenda",
    "agenda_games": "Games in the agenda",
    "agenda_pinned": "Pin the agenda",
    "name": "Name",
    "description": "Description",
    "channel_id": "Channel",
    "locked": "Locked",
    "until": "Until",
    "reason": "Reason",
    "order": "Order",
    "default": "Default",
    "as": "Copy",
}
ALL_LABELS = SETTING_LABELS | OTHER_LABELS | {"language": language_wording.LABEL}


WRONG_AGENDA_DAYS = "Choose 1 to 31 days, or leave it empty for no agenda."
NO_AGENDA_IN_FORUM = "A forum can't show an agenda. Choose a text channel."
AGENDA_PROBLEMS: Mapping[str, str] = {
    AgendaProblem.CHANNEL_DELETED: "The agenda is gone: someone deleted its channel in Discord.",
    AgendaProblem.MAYBE_POSTED: (
        "We can't tell whether the agenda arrived. Allow the bot Read Message History in this channel."
    ),
    AgendaProblem.REFUSED: "The agenda is out of date: Discord refused it. We try again soon.",
    AgendaProblem.PIN_PERMISSION: "The agenda isn't pinned. Allow the bot Pin Messages in this channel.",
    AgendaProblem.PIN_LIMIT: ("The agenda isn't pinned: the channel has 250 pins. Unpin one. We try again hourly."),
    AgendaProblem.PIN_REFUSED: "The agenda isn't pinned: Discord refused it. We try again hourly.",
}


def agenda_problem(code: str, missing: Sequence[str]) -> str:
    """Return why an agenda is missing, out of date or not pinned; '' if all is well."""
    if code == AgendaProblem.MISSING_PERMISSION:
        if missing:
            return f"The agenda is out of date. Allow the bot {' and '.join(missing)} in this channel."
        return "The agenda is out of date: the bot can't post in this channel."
    return AGENDA_PROBLEMS.get(code, "")


def template_channel_deleted(name: str) -> str:
    return f"Someone deleted #{name} in Discord. Choose another channel, or hosts choose."


# --- the table of settings -------------------------------------------------------------------------------

OF_SERVER, NEW_TEMPLATE = "Settings", "New template"
YES, NO, NO_TEXT, DELETED_ROLE = "Yes", "No", "None", "a deleted role"
BUILT_IN, SERVER = "Built-in", "Server"
OWN_SOURCES = {"guild": "This server", "channel": "This channel", "template": "This template"}
OWN_TITLES = {"channel": "This channel", "template": "This template"}
GROUP_TITLES: Mapping[Group, str] = {
    Group.HOSTS: "Who runs games",
    Group.BASICS: "Basics",
    Group.GAME: "Place and reminders",
    Group.PEOPLE: "Who joins",
    Group.SIGNING_UP: "Signing up",
    Group.CHANGES: "When plans change",
    Group.AFTERWARDS: "Afterwards",
    Group.DISCORD: "In Discord",
    Group.SHARING: "Sharing",
    Group.PICTURES: "Pictures",
}
NO_ROLES = {"manager_role_ids": "The owner and Manage Server", "pingable_role_ids": "None: only managers ping"}
HOST_CHOOSES = "The host chooses"
LOCK, LOCK_HELP = "Lock it", "Hosts can't change it in games of this template."


def agenda_days(days: int | None) -> str:
    if not days:
        return "No agenda"
    return "1 day" if days == 1 else f"{days} days"


def more_values(count: int) -> str:
    """Return how many values of a template are not named; '' for none."""
    if not count:
        return ""
    return "1 more setting" if count == 1 else f"{count} more settings"
