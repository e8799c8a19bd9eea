"""All wording about the settings of a guild, its channels and templates, and about setting it up."""

from collections.abc import Mapping, Sequence

from games.core.settings import SETTINGS
from games.models.agenda import AgendaProblem
from gamesched.lib.durations import DurationProblem

UNKNOWN_GUILD = "There is no such server here, or you are not in it, or the bot is not."
MANAGERS_ONLY = (
    "Only those who manage the server may do that: its owner, and those with Manage Server or a manager role."
)
STALE_SETTINGS = "Somebody changed these settings while you were editing. Nothing was saved; compare the two below."
UNKNOWN_ROLE = "One of these roles no longer exists in the server. Choose again."
EVERYONE_MANAGES = "Every member would manage every game. Choose roles that only those have who should."
EVERYONE_PINGED = "@everyone cannot be pinged. Choose roles."
CHOOSE_SEVERAL = "Hold Ctrl or ⌘ to choose several."
TEMPLATES = "the templates"
UNKNOWN_TEMPLATE = "That template was deleted, or belongs to another server. The list shows those there are."
OTHER_TEMPLATES = "Somebody added or deleted a template meanwhile. Nothing was moved; look at the list again."
REORDERED = "The order is saved."

SETTING_LABELS = {name: setting.label for name, setting in SETTINGS.items()}


# --- lengths of time -----------------------------------------------------------------------------------------

DURATION_PROBLEMS = {
    DurationProblem.UNKNOWN: "“{}” is not a length of time.",
    DurationProblem.AMBIGUOUS: "“{}” can be read in two ways.",
    DurationProblem.NOT_WHOLE: "“{}” is not a whole number of minutes.",
    DurationProblem.TOO_LONG: "“{}” is too long.",
}


def bad_duration(problem: DurationProblem, part: str, listed: bool) -> str:
    """Return the refusal of what was typed as a length of time, with an example of how to write it."""
    example = "1 day, 2h30m, 15 min" if listed else "1h30m, 90 min or 2 days"
    return f"{DURATION_PROBLEMS[problem].format(part)} Write it as {example}."


# --- saving --------------------------------------------------------------------------------------------------


def settings_saved(changed: bool, games: int) -> str:
    if not changed:
        return "Nothing was different, so nothing changed."
    return f"The settings are saved.{also_changed(games)}"


def also_changed(games: int) -> str:
    """Return how many upcoming games change; starts with a space, or is ''."""
    if not games:
        return ""
    return " One game to come follows." if games == 1 else f" {games} games to come follow."


def channel_deleted(name: str) -> str:
    return f"#{name} was deleted in Discord, so its settings can no longer be changed."


def default_stays(name: str) -> str:
    return f"{name} is the default. Make another template the default first, then delete it."


def made_default(name: str) -> str:
    return f"{name} is now chosen where nobody chooses a template."


def duplicated(name: str, copy: str) -> str:
    return f"{name} is duplicated as {copy}."


def copy_of(name: str, others: Sequence[str]) -> str:
    """Return a name for a copy that no other template has."""
    taken = {other.casefold() for other in others}
    for number in range(1, len(taken) + 2):
        ending = " (copy)" if number == 1 else f" (copy {number})"
        if (copy_name := name[: 80 - len(ending)] + ending).casefold() not in taken:
            return copy_name
    raise AssertionError("one more name than there are templates is free")


def template_deleted(name: str, games: int) -> str:
    text = f"{name} is deleted."
    if games == 1:
        return f"{text} One game to come used it, and now has the settings of its channel and the server."
    if games:
        return f"{text} {games} games to come used it, and now have the settings of their channel and the server."
    return text


def too_many_templates(most: int) -> str:
    return f"{most} templates are the most that a server may have. Delete one that nobody uses."


# --- setting up ------------------------------------------------------------------------------------------


def welcome(guild: str, url: str, set_up: bool) -> str:
    """Return the message to the owner when the bot joined; a guild that was set up before keeps its settings."""
    if set_up:
        return f"👋 I am now in {guild}, which you own. What was set up there before holds; look it through:\n{url}"
    return (
        f"👋 I am now in {guild}, which you own. Choose there who may schedule games, in which channels, and with "
        f"which settings. It takes two minutes:\n{url}\nUntil then only those who manage the server can schedule."
    )


def test_message(url: str) -> str:
    return f"✅ A test: games can be announced in this channel. Whoever set this up can delete this message.\n<{url}>"


def test_result(closed: bool, dropped: str, error: str) -> str:
    """Return the result of a test message."""
    if not closed:
        return f"A test message is on its way{f' ({error})' if error else ''}. Load this page again in a moment."
    if dropped:
        return f"The last test message did not arrive: {error or dropped}"
    return "The last test message arrived."


FORUM_TIDIER = (
    "With Manage Posts too, the bot could delete a game's whole post when the game moves elsewhere; without, it "
    "empties and closes it."
)
TEST_POST = "Test"  # the title of a test message's post in a forum
TEST_SENT = "A test message is on its way. What came of it stands beside the channel."


def permission_advice(channel: str, permissions: Sequence[str], tag: bool) -> str:
    """Return where to click in Discord."""
    steps = []
    if permissions:
        steps.append(
            f"In Discord: Edit Channel of {channel}, Permissions, Advanced permissions, add the bot or its role, and "
            f"allow {' and '.join(permissions)}."
        )
    if tag:
        steps.append(
            f"Posts in {channel} must have a tag, and it has none that everybody may use. In Discord: Edit Channel, "
            "Overview, Tags: add one that is not for moderators only, or switch off that a tag is required."
        )
    return " ".join(steps)


def _named(roles: Sequence[str], people: int) -> str:
    count = f"{people} {'person' if people == 1 else 'people'} named in its permissions"
    return ", ".join([*roles, *([count] if people else [])])


def viewed_by_everyone(but_roles: Sequence[str], but_people: int) -> str:
    """Return who sees the games announced in a channel that @everyone may view."""
    but = _named(but_roles, but_people)
    return f"Everyone in the server sees the games announced here{f', except: {but}' if but else ''}."


def viewed_by(roles: Sequence[str], people: int) -> str:
    """Return who sees the games announced in a channel that not everyone may view."""
    who = _named(roles, people)
    if not who:
        return "Only the owner and administrators see the games announced here."
    return f"Only these see the games announced here, besides the owner and administrators: {who}."


NOT_FOR_GAMES = {
    2: "A voice channel: games are announced in a text channel. Write this one's name as a game's location.",
    13: "A stage channel: games are announced in a text channel. Write this one's name as a game's location.",
    16: "A media channel: its posts are pictures and films. Choose a text channel or a forum beside it.",
}
NOT_FOR_GAMES_OTHER = "Not a text channel: games cannot be announced here."
# What stands in Discord beside a game's post, as the setup page names it.
FEATURES: Mapping[str, str] = {
    "server_event": "An event for each game",
    "thread": "A thread for each game",
    "voice_channel": "A voice channel for each game",
    "player_role": "A role for each game's players",
    "pinned_agenda": "Pinned agendas",
}
THREADS = (
    "Hosts may also choose the open public threads of a channel that is ticked. Such a game has the channel's "
    "settings, and the bot needs Send Messages in Threads there."
)
NOT_SET_UP = "Nobody has set this server up yet, so only those who manage it can schedule games."
ASK_A_MANAGER = "Ask its owner, or whoever manages it."
BOT_REMOVED = (
    "The bot is no longer in {guild}. Its games and settings are kept for {days} days and then deleted. "
    "Invite the bot again to go on."
)


def switched(count: int) -> str:
    if not count:
        return "Nothing was different, so nothing changed."
    return "The channel is switched." if count == 1 else f"{count} channels are switched."


# --- the pages -------------------------------------------------------------------------------------------


def channel_off(name: str, deleted: bool) -> str:
    return f"#{name} (deleted)" if deleted else f"#{name} (not for games)"


TEMPLATE_PRESETS = {
    "one-shot": ("Tabletop one-shot", "5 seats, 4 hours."),
    "raid": ("Raid", "20 seats, 3 hours, and a role that its announcement pings."),
    "evening": ("Board game evening", "Unlimited seats, 3 hours."),
}
TEMPLATE_DELETED = "{name} was deleted meanwhile. Nothing was saved."
NO_TEMPLATES = "There are no templates yet. One saves hosts from saying the same things again for each game."
PREVIEW = "Saving this changes games to come. Nothing is saved yet."

OTHER_LABELS = {
    "manager_role_ids": "Who manages games",
    "pingable_role_ids": "Roles that hosts may ping",
    "for_games": "Open for games",
    "agenda_days": "Days that the agenda shows",
    "agenda_games": "Games in the agenda",
    "agenda_pinned": "Agenda pinned",
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
ALL_LABELS = SETTING_LABELS | OTHER_LABELS


WRONG_AGENDA_DAYS = "An agenda shows 1 to 31 days. Leave it empty for no agenda."
NO_AGENDA_IN_FORUM = "A forum has no place for an agenda. Choose a text channel."
NO_AGENDA = "no agenda"
AGENDA_PROBLEMS: Mapping[str, str] = {
    AgendaProblem.CHANNEL_DELETED: "The agenda is gone: its channel was deleted in Discord.",
    AgendaProblem.MAYBE_POSTED: (
        "The agenda may have been posted or not: the bot may not read the channel's history to find out."
    ),
    AgendaProblem.REFUSED: "The agenda is not up to date: Discord refused it. We try again in a while.",
    AgendaProblem.PIN_PERMISSION: "The agenda is not pinned: give the bot the permission Pin Messages here.",
    AgendaProblem.PIN_LIMIT: (
        "The agenda is not pinned: Discord pins at most 250 messages in a channel. Unpin one; we try again hourly."
    ),
    AgendaProblem.PIN_REFUSED: "The agenda is not pinned: Discord refused it. We try again hourly.",
}


def agenda_problem(code: str, missing: Sequence[str]) -> str:
    """Return why an agenda is missing, out of date or not pinned; '' if all is well."""
    if code == AgendaProblem.MISSING_PERMISSION:
        lacks = f"lacks {' and '.join(missing)}" if missing else "may not post"
        return f"The agenda is not up to date: the bot {lacks} in this channel."
    return AGENDA_PROBLEMS.get(code, "")


def template_channel_deleted(name: str) -> str:
    return f"#{name}, where its games were announced, was deleted in Discord. Hosts choose a channel until you do."
