"""All wording about the settings of a guild, its channels and templates, and about setting it up."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _

from games.core.notification_wording import error_text
from games.core.setting_kinds import Group
from games.core.settings import SETTINGS
from games.models.agenda import AgendaProblem
from games.server_settings import language_wording
from gamesched.lib.durations import DurationProblem
from gamesched.lib.sentences import join_and
from guilds.names import isolated

UNKNOWN_GUILD = gettext_noop("We don't know this server, or you or the bot aren't in it.")
MANAGERS_ONLY = gettext_noop("Only managers of this server can do that. Ask one of them.")
STALE_SETTINGS = gettext_noop("Someone changed this while you were editing. Nothing is saved yet. Compare both below.")
UNKNOWN_ROLE = gettext_noop("One of these roles no longer exists. Choose again.")
EVERYONE_MANAGES = gettext_noop("Then every member manages every game. Choose another role.")
EVERYONE_PINGED = gettext_noop("You can't ping @everyone. Choose other roles.")
CHOOSE_SEVERAL = gettext_noop("Hold Ctrl or ⌘ to choose several.")
TEMPLATES = gettext_noop("the templates")
UNKNOWN_TEMPLATE = gettext_noop("That template is gone. Choose one from the list.")
OTHER_TEMPLATES = gettext_noop("Someone added or deleted a template. Nothing moved. Check the list again.")
REORDERED = gettext_noop("Order saved.")

NOTHING_CHANGED = gettext_noop("Nothing changed.")
SETTING_LABELS = {name: setting.label for name, setting in SETTINGS.items()}


# --- lengths of time -----------------------------------------------------------------------------------------

DURATION_PROBLEMS = {
    DurationProblem.UNKNOWN: gettext_noop("“{}” isn't a length of time."),
    DurationProblem.AMBIGUOUS: gettext_noop("“{}” can mean two things."),
    DurationProblem.NOT_WHOLE: gettext_noop("“{}” isn't a whole number of minutes."),
    DurationProblem.TOO_LONG: gettext_noop("“{}” is too long."),
}


def bad_duration(problem: DurationProblem, part: str, listed: bool) -> str:
    """Return the refusal of what was typed as a length of time, with an example of how to write it."""
    text = gettext(DURATION_PROBLEMS[problem]).format(part)
    example = _("Write it as 1 day, 2h30m, 15 min.") if listed else _("Write it as 1h30m, 90 min or 2 days.")
    return f"{text} {example}"


# --- saving --------------------------------------------------------------------------------------------------


def settings_saved(changed: bool, games: int) -> str:
    if not changed:
        return gettext(NOTHING_CHANGED)
    saved = _("Settings saved.")
    return f"{saved} {games_follow(games)}" if games else saved


def games_follow(games: int) -> str:
    return ngettext("%(count)d upcoming game follows.", "%(count)d upcoming games follow.", games) % {"count": games}


def games_change(games: int) -> str:
    """Return the heading of the upcoming games that change if this is saved."""
    return ngettext("%(count)d upcoming game changes", "%(count)d upcoming games change", games) % {"count": games}


def would_change(games: int) -> str:
    """Return what saving would do, while somebody still types."""
    if not games:
        return _("No upcoming game changes.")
    return ngettext(
        "%(count)d upcoming game changes when you save.", "%(count)d upcoming games change when you save.", games
    ) % {"count": games}


def channel_deleted(name: str) -> str:
    return _("#%(name)s was deleted in Discord. You can't change its settings any more.") % {"name": name}


def default_stays(name: str) -> str:
    return _("%(name)s is the default. Make another template the default first, then delete it.") % {"name": name}


def made_default(name: str) -> str:
    return _("%(name)s is now the default template.") % {"name": name}


def duplicated(name: str, copy: str) -> str:
    return _("Duplicated %(name)s as %(copy)s.") % {"name": name, "copy": copy}


def copy_of(name: str, others: Sequence[str]) -> str:
    """Return a name for a copy that no other template has."""
    taken = {other.casefold() for other in others}
    for number in range(1, len(taken) + 2):
        ending = " " + (_("(copy)") if number == 1 else _("(copy %(number)d)") % {"number": number})
        if (copy_name := name[: 80 - len(ending)] + ending).casefold() not in taken:
            return copy_name
    raise AssertionError("one more name than there are templates is free")


def template_deleted(name: str, games: int) -> str:
    deleted = _("Deleted %(name)s.") % {"name": name}
    if not games:
        return deleted
    now_use = ngettext(
        "%(count)d upcoming game now uses its channel's and the server's settings.",
        "%(count)d upcoming games now use their channel's and the server's settings.",
        games,
    )
    return f"{deleted} {now_use % {'count': games}}"


def too_many_templates(most: int) -> str:
    return _("A server can have %(most)d templates. Delete one you don't need.") % {"most": most}


# --- setting up ------------------------------------------------------------------------------------------


def welcome(guild: str, url: str, set_up: bool) -> str:
    """Return the message to the owner when the bot joined; a guild that was set up before keeps its settings."""
    if set_up:
        return _("👋 I'm back in %(guild)s. Your earlier settings still hold. Check them here:\n%(url)s") % {
            "guild": guild,
            "url": url,
        }
    return _(
        "👋 I'm in %(guild)s. Three steps to your first game, in two minutes:\n%(url)s\nUntil then only "
        "managers can schedule."
    ) % {"guild": guild, "url": url}


def test_message(url: str) -> str:
    return _("✅ A test: I can announce games in this channel. You can delete this message.\n<%(url)s>") % {"url": url}


def test_result(closed: bool, dropped: str, error: str) -> str:
    """Return the result of a test message."""
    if not closed:
        if error:
            return _("Sending a test message (%(error)s). Reload this page in a moment.") % {"error": error_text(error)}
        return _("Sending a test message. Reload this page in a moment.")
    if dropped:
        return _("The last test message didn't arrive: %(why)s") % {"why": error_text(error or dropped)}
    return _("The last test message arrived.")


FORUM_TIDIER = gettext_noop(
    "With Manage Posts the bot can delete a moved game's post. Without, it empties and closes it."
)
TEST_POST = gettext_noop("Test")  # the title of a test message's post in a forum
TEST_SENT = gettext_noop("Sending a test message. See the result beside the channel.")


def permission_advice(channel: str, permissions: Sequence[str], tag: bool) -> str:
    """Return where to click in Discord."""
    steps = []
    if permissions:
        steps.append(
            _(
                "In Discord, open Edit Channel of %(channel)s, then Permissions, then Advanced permissions. "
                "Add the bot and allow %(permissions)s."
            )
            % {"channel": channel, "permissions": join_and(permissions)}
        )
    if tag:
        steps.append(
            _(
                "Posts in %(channel)s need a tag, and the bot may use none. In Discord, open Edit Channel, "
                "then Tags. Add one for everyone, or stop requiring tags."
            )
            % {"channel": channel}
        )
    return " ".join(steps)


def _named(roles: Sequence[str], people: int) -> str:
    count = ngettext("%(count)d person by name", "%(count)d people by name", people) % {"count": people}
    return ", ".join([*roles, *([count] if people else [])])


def viewed_by_everyone(but_roles: Sequence[str], but_people: int) -> str:
    """Return who sees the games announced in a channel that @everyone may view."""
    but = _named(but_roles, but_people)
    if not but:
        return _("Everyone sees the games here.")
    return _("Everyone sees the games here, except %(names)s.") % {"names": but}


def viewed_by(roles: Sequence[str], people: int) -> str:
    """Return who sees the games announced in a channel that not everyone may view."""
    who = _named(roles, people)
    if not who:
        return _("Only the owner and administrators see the games here.")
    return _("The owner, administrators and these see the games here: %(names)s.") % {"names": who}


NOT_FOR_GAMES = {
    2: gettext_noop("A voice channel. Announce games in a text channel, and name this one as a location."),
    13: gettext_noop("A stage channel. Announce games in a text channel, and name this one as a location."),
    16: gettext_noop("A media channel. Choose a text channel or a forum instead."),
}
NOT_FOR_GAMES_OTHER = gettext_noop("Not a text channel. Choose another for games.")
# What stands in Discord beside a game's post, as the setup page names it.
FEATURES: Mapping[str, str] = {
    "server_event": gettext_noop("An event for each game"),
    "thread": gettext_noop("A thread for each game"),
    "voice_channel": gettext_noop("A voice channel for each game"),
    "player_role": gettext_noop("A role for each game's players"),
    "pinned_agenda": gettext_noop("Pinned agendas"),
}
THREADS = gettext_noop("Hosts can also choose open threads there. The bot needs Send Messages in Threads.")
HOST_ROLES_HELP = gettext_noop("Managers always can. Tick none for managers only.")


def named_channels(names: Sequence[str]) -> str:
    """Return a few channels by name, and how many more: `#general, #raids and 3 more`."""
    names = [isolated(name) for name in names]
    if len(names) <= 4:
        return ", ".join(names)
    return _("%(names)s and %(count)d more") % {"names": ", ".join(names[:3]), "count": len(names) - 3}


NOT_SET_UP = gettext_noop("This server isn't set up yet, so only managers can schedule games.")
ASK_A_MANAGER = gettext_noop("Ask its owner or a manager.")
BOT_REMOVED = gettext_noop(
    "The bot is no longer in {guild}. We keep its games and settings for {days} days. Invite the bot again to go on."
)


def switched(count: int) -> str:
    if not count:
        return gettext(NOTHING_CHANGED)
    return ngettext("%(count)d channel switched.", "%(count)d channels switched.", count) % {"count": count}


# --- the pages -------------------------------------------------------------------------------------------


def channel_off(name: str, deleted: bool) -> str:
    return _("#%(name)s (deleted)") % {"name": name} if deleted else _("#%(name)s (not for games)") % {"name": name}


TEMPLATE_PRESETS = {
    "one-shot": (gettext_noop("Tabletop one-shot"), gettext_noop("5 seats, 4 hours.")),
    "raid": (gettext_noop("Raid"), gettext_noop("20 seats, 3 hours, and the announcement pings a role.")),
    "evening": (gettext_noop("Board game evening"), gettext_noop("Unlimited seats, 3 hours.")),
}
TEMPLATE_DELETED = gettext_noop("Someone deleted {name} meanwhile. Nothing is saved.")
NO_TEMPLATES = gettext_noop("No templates yet. One fills in what your games share.")
PREVIEW = gettext_noop("Saving changes upcoming games. Nothing is saved yet.")

OTHER_LABELS = {
    "manager_role_ids": gettext_noop("Who manages games"),
    "pingable_role_ids": gettext_noop("Roles that hosts may ping"),
    "for_games": gettext_noop("Open for games"),
    "agenda_days": gettext_noop("Days in the agenda"),
    "agenda_games": gettext_noop("Games in the agenda"),
    "agenda_pinned": gettext_noop("Pin the agenda"),
    "name": gettext_noop("Name"),
    "description": gettext_noop("Description"),
    "channel_id": gettext_noop("Channel"),
    "locked": gettext_noop("Locked"),
    "until": gettext_noop("Until"),
    "reason": gettext_noop("Reason"),
    "order": gettext_noop("Order"),
    "default": gettext_noop("Default"),
    "as": gettext_noop("Copy"),
}
ALL_LABELS = SETTING_LABELS | OTHER_LABELS | {"language": language_wording.LABEL}


WRONG_AGENDA_DAYS = gettext_noop("Choose 1 to 31 days, or leave it empty for no agenda.")
NO_AGENDA_IN_FORUM = gettext_noop("A forum can't show an agenda. Choose a text channel.")
AGENDA_PROBLEMS: Mapping[str, str] = {
    AgendaProblem.CHANNEL_DELETED: gettext_noop("The agenda is gone: someone deleted its channel in Discord."),
    AgendaProblem.MAYBE_POSTED: (
        gettext_noop("We can't tell whether the agenda arrived. Allow the bot Read Message History in this channel.")
    ),
    AgendaProblem.REFUSED: gettext_noop("The agenda is out of date: Discord refused it. We try again soon."),
    AgendaProblem.PIN_PERMISSION: gettext_noop("The agenda isn't pinned. Allow the bot Pin Messages in this channel."),
    AgendaProblem.PIN_LIMIT: (
        gettext_noop("The agenda isn't pinned: the channel has 250 pins. Unpin one. We try again hourly.")
    ),
    AgendaProblem.PIN_REFUSED: gettext_noop("The agenda isn't pinned: Discord refused it. We try again hourly."),
}


def agenda_problem(code: str, missing: Sequence[str]) -> str:
    """Return why an agenda is missing, out of date or not pinned; '' if all is well."""
    if code == AgendaProblem.MISSING_PERMISSION:
        if missing:
            return _("The agenda is out of date. Allow the bot %(permissions)s in this channel.") % {
                "permissions": join_and(missing)
            }
        return _("The agenda is out of date: the bot can't post in this channel.")
    return gettext(AGENDA_PROBLEMS.get(code, ""))


def template_channel_deleted(name: str) -> str:
    return _("Someone deleted #%(name)s in Discord. Choose another channel, or hosts choose.") % {"name": name}


# --- the table of settings -------------------------------------------------------------------------------

OF_SERVER, NEW_TEMPLATE = gettext_noop("Settings"), gettext_noop("New template")
YES, NO, NO_TEXT, DELETED_ROLE = (
    gettext_noop("Yes"),
    gettext_noop("No"),
    gettext_noop("None"),
    gettext_noop("a deleted role"),
)
BUILT_IN, SERVER = gettext_noop("Built-in"), gettext_noop("Server")
OWN_SOURCES = {
    "guild": gettext_noop("This server"),
    "channel": gettext_noop("This channel"),
    "template": gettext_noop("This template"),
}
OWN_TITLES = {"channel": gettext_noop("This channel"), "template": gettext_noop("This template")}
GROUP_TITLES: Mapping[Group, str] = {
    Group.HOSTS: gettext_noop("Who runs games"),
    Group.BASICS: gettext_noop("Basics"),
    Group.GAME: gettext_noop("Place and reminders"),
    Group.PEOPLE: gettext_noop("Who joins"),
    Group.SIGNING_UP: gettext_noop("Signing up"),
    Group.CHANGES: gettext_noop("When plans change"),
    Group.AFTERWARDS: gettext_noop("Afterwards"),
    Group.DISCORD: gettext_noop("In Discord"),
    Group.SHARING: gettext_noop("Sharing"),
    Group.PICTURES: gettext_noop("Pictures"),
}
NO_ROLES = {
    "manager_role_ids": gettext_noop("The owner and Manage Server"),
    "pingable_role_ids": gettext_noop("None: only managers ping"),
}
HOST_CHOOSES = gettext_noop("The host chooses")
LOCK, LOCK_HELP = gettext_noop("Lock it"), gettext_noop("Hosts can't change it in games of this template.")


def agenda_days(days: int | None) -> str:
    if not days:
        return _("No agenda")
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def more_values(count: int) -> str:
    """Return how many values of a template are not named; '' for none."""
    if not count:
        return ""
    return ngettext("%(count)d more setting", "%(count)d more settings", count) % {"count": count}
