"""All wording about games that entry points share.

Plain text: each entry point escapes and decorates it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, ngettext_lazy, pgettext

from games.core.states import State
from gamesched.lib.durations import minutes_text
from gamesched.lib.sentences import join_and, join_or
from guilds.display_names import normalize_name
from guilds.names import isolated

UNKNOWN_GAME = gettext_noop("We can't find that game. It may be gone, or in a server you aren't in.")
NOT_A_MEMBER = gettext_noop("You aren't a member of that server, or the bot isn't in it.")
NOT_YOURS = gettext_noop("Only the host and server managers can do that. Ask the host.")
STALE = gettext_noop("Someone changed this game while you were editing it. We saved nothing; compare both below.")
UNKNOWN_TEMPLATE = gettext_noop("We can't find that template in this server. Choose another.")
UNKNOWN_CHANNEL = gettext_noop("We can't find that text channel in this server. Choose another.")
CHANNEL_NOT_WRITABLE = gettext_noop("You can't write in that channel in Discord, so choose another to announce in.")
NOT_THE_HOST = gettext_noop("Only the host and server managers can choose who runs the game. Ask the host.")
BLOCK_TOO_FAR = gettext_noop("That date is too far away. Choose one before 2200, or none to block for good.")
BLOCK_PAST = gettext_noop("That date is past. Choose a later one, or none to block for good.")
UNBLOCKED = gettext_noop("They can sign up again.")
BLOCKED = gettext_noop("You can't sign up here right now. Ask a server manager why.")
NOT_HERE = gettext_noop("This button belongs to a game in another server. Use it there.")
NOT_IN_DM = gettext_noop("This button works only where the game was announced. Use it there.")
OLD_BUTTON = gettext_noop("This button is out of date. Use the current one on the game's page.")
FAILED = gettext_noop("That didn't work, and it's our fault. Your sign-up is unchanged; try again in a moment.")
NOT_ACKNOWLEDGED = gettext_noop("Done, but Discord didn't accept our reply.")
SOMEBODY = gettext_noop("Someone in Discord")
OPERATOR = gettext_noop("An operator")


def not_a_member(name: str) -> str:
    return _("%(name)s isn't a member of this server, or the bot hasn't seen them there.") % {"name": name}


def cannot_see_channel(name: str) -> str:
    return _("%(name)s can't see this game's channel in Discord. Give them access there first.") % {"name": name}


def nobody_of_that_name(count: int) -> str:
    if count:
        return ngettext(
            "%(count)d people here have that name. Write their Discord username or id instead.",
            "%(count)d people here have that name. Write their Discord username or id instead.",
            count,
        ) % {"count": count}
    return _("We don't know anyone here by that name. Write their Discord username or id.")


def blocked_others(names: Sequence[str]) -> str:
    return ngettext(
        "%(names)s can't be signed up here right now. Ask a server manager why.",
        "%(names)s can't be signed up here right now. Ask a server manager why.",
        len(names),
    ) % {"names": join_and(names)}


ONE_HOST = gettext_noop("Name one member of this server. Add others as co-hosts.")
NO_SUCH_MEMBER = gettext_noop("We can't find that person in this server. Name one of its members.")


def handed_over(name: str) -> str:
    return _("%(name)s is the host now. The previous host stays as a co-host.") % {"name": name}


def role_needed_to_join(roles: Sequence[str]) -> str:
    """Return which roles may sign up, for people who have none of them."""
    text = _("Only %(roles)s can sign up for this game. Ask a server manager for the role.")
    return text % {"roles": join_with_or(roles)}


def role_needed_to_host(roles: Sequence[str]) -> str:
    if not roles:
        return _("Only server managers can schedule games here. Ask one to let your role host.")
    text = _("Only %(roles)s and server managers can schedule games here. Ask for the role.")
    return text % {"roles": join_with_or(roles)}


def join_with_or(names: Sequence[str]) -> str:
    """Join names: `Player`, `Player or Veteran`, `A, B or C`; without names, a deleted role."""
    return join_or(names) if names else _("a deleted role")


NOT_PINGABLE = gettext_noop("You can't ping these roles here. Choose others, or ask a server manager to allow them.")

NONE_PINGABLE = gettext_noop("Hosts can't ping any role here, so new announcements ping nobody.")


def seats_text(seated: int, seats: int, waiting: int) -> str:
    """Return `3 of 5 seats taken, 2 waiting`."""
    values = {"seated": seated, "seats": seats, "waiting": waiting}
    if seats and waiting:
        return (
            ngettext(
                "%(seated)d of %(seats)d seats taken, %(waiting)d waiting",
                "%(seated)d of %(seats)d seats taken, %(waiting)d waiting",
                waiting,
            )
            % values
        )
    if seats:
        return ngettext("%(seated)d of %(seats)d seats taken", "%(seated)d of %(seats)d seats taken", seats) % values
    if waiting:
        return (
            ngettext("%(seated)d signed up, %(waiting)d waiting", "%(seated)d signed up, %(waiting)d waiting", waiting)
            % values
        )
    return ngettext("%(seated)d signed up", "%(seated)d signed up", seated) % values


def seats_text_in(state: State, seated: int, seats: int, waiting: int, host_picks: bool = False) -> str:
    """Return how many play, for a state: what is free, or taken; of a cancelled game, only who had signed up."""
    if state.upcoming:
        return free_seats_text(seated, seats, waiting, host_picks=host_picks)
    return seats_text(seated, 0 if state is State.CANCELLED else seats, waiting)


def free_seats_text(seated: int, seats: int, waiting: int, host_picks: bool = False) -> str:
    """Return `2 of 5 seats free` to readers who might join; without a free seat, what `seats_text` returns.

    `host_picks`: nobody takes a seat, so none is called free.
    """
    free = seats - seated
    values = {"free": free, "seats": seats, "waiting": waiting}
    if free <= 0:
        return seats_text(seated, seats, waiting)
    if host_picks and waiting:
        return (
            ngettext(
                "The host picks: %(free)d of %(seats)d seats left, %(waiting)d waiting",
                "The host picks: %(free)d of %(seats)d seats left, %(waiting)d waiting",
                waiting,
            )
            % values
        )
    if host_picks:
        return (
            ngettext(
                "The host picks: %(free)d of %(seats)d seats left",
                "The host picks: %(free)d of %(seats)d seats left",
                seats,
            )
            % values
        )
    if waiting:
        return (
            ngettext(
                "%(free)d of %(seats)d seats free, %(waiting)d waiting",
                "%(free)d of %(seats)d seats free, %(waiting)d waiting",
                waiting,
            )
            % values
        )
    if not seated:
        return ngettext("%(count)d seat free", "%(count)d seats free", free) % {"count": free}
    return ngettext("%(free)d of %(seats)d seats free", "%(free)d of %(seats)d seats free", seats) % values


def more(number: int) -> str:
    return ngettext("… and %(count)d more", "… and %(count)d more", number) % {"count": number}


def place_text(number: int, seats: int, seated: bool) -> str:
    """Return `seat 3 of 5` or `number 2 on the wait list`."""
    if not seated:
        return _("number %(number)d on the wait list") % {"number": number}
    if seats:
        return _("seat %(number)d of %(seats)d") % {"number": number, "seats": seats}
    return _("number %(number)d") % {"number": number}


def joined(number: int, seats: int, seated: bool, already: bool, again: bool = False) -> str:
    """Return the reply to Join.

    `again`: they were in the game before, and left.
    """
    if already:
        text = _("You're already in: %(place)s.") if seated else _("You're already waiting: %(place)s.")
    elif again and seated:
        text = _("Welcome back. You're in, %(place)s.")
    elif again:
        text = _("Welcome back. You're %(place)s and move up automatically.")
    elif seated:
        text = _("You're in, %(place)s.")
    else:
        text = _("The game is full. You're %(place)s and move up automatically.")
    return text % {"place": place_text(number, seats, seated)}


def signed_up_by_other(name: str, place: str, already: bool) -> str:
    """Return the reply to a person who signs someone else up."""
    text = _("%(name)s is already signed up: %(place)s.") if already else _("%(name)s is signed up: %(place)s.")
    return text % {"name": name, "place": place}


def left(was_in: bool) -> str:
    """Return the reply to Leave."""
    return _("You left the game.") if was_in else _("You aren't in this game, so there's nothing to leave.")


def created(past: Iterable[int]) -> str:
    return _("Game scheduled. We announce it in a moment.") + past_text(past)


def edited(changed: bool, past: Iterable[int]) -> str:
    return (_("Changes saved.") if changed else _("No changes to save.")) + past_text(past)


def announcing_again() -> str:
    return _("We're trying the announcement again.")


def past_text(past: Iterable[int]) -> str:
    """Name the reminders that are already past; starts with a space, or is ''."""
    names = [minutes_text(minutes) for minutes in past]
    if not names:
        return ""
    text = ngettext(
        "The reminder %(lengths)s before is already past, so we won't send it.",
        "The reminders %(lengths)s before are already past, so we won't send them.",
        len(names),
    )
    return " " + text % {"lengths": join_and(names)}


def reminders_text(reminders: Iterable[int]) -> str:
    lengths = ", ".join(minutes_text(minutes) for minutes in reminders)
    return _("%(time)s before") % {"time": lengths} if lengths else pgettext("reminders", "none")


def skipped_time(local: datetime, zone: str) -> str:
    """Return why a time is none: `02:30 on 28 March 2027 doesn't exist in …`."""
    text = _("%(time)s doesn't exist in %(zone)s: clocks go forward over it. Choose a time next to it.")
    return text % {"time": _clock_and_day(local), "zone": zone}


def repeated_time(local: datetime, zone: str) -> str:
    text = _("%(time)s comes twice in %(zone)s: clocks go back over it. Choose which you mean.")
    return text % {"time": _clock_and_day(local), "zone": zone}


def _clock_and_day(local: datetime) -> str:
    day = date_format(local, pgettext("date format", "j F Y"))
    return _("%(time)s on %(day)s") % {"time": f"{local:%H:%M}", "day": day}


# --- settings --------------------------------------------------------------------------------------------


def no_such_role(name: str, names: Sequence[str]) -> str:
    similar = [candidate for candidate in names if normalize_name(name)[:3] == normalize_name(candidate)[:3]]
    if similar:
        text = _("No role here is called “%(name)s”. Do you mean %(roles)s?")
        return text % {"name": name, "roles": join_with_or(similar)}
    return _("No role here is called “%(name)s”. Check the name in Discord.") % {"name": name}


def several_roles(name: str, count: int) -> str:
    text = ngettext(
        "%(count)d roles here are called “%(name)s”. Write the id of the one you mean.",
        "%(count)d roles here are called “%(name)s”. Write the id of the one you mean.",
        count,
    )
    return text % {"count": count, "name": name}


def if_empty(text: str, source: str) -> str:
    """Return what an empty field takes, and whose value that is."""
    return _("If empty: %(text)s (%(source)s).") % {"text": text, "source": _(source)}


def if_unticked(text: str, source: str) -> str:
    """Return what an empty checkbox takes, and whose value that is."""
    return _("If unticked: %(text)s (%(source)s).") % {"text": text, "source": _(source)}


def inherits(text: str, source: str) -> str:
    """Return the label of the choice to inherit, in a list of choices."""
    return _("%(text)s (%(source)s)") % {"text": capfirst(text), "source": _(source)}


def locked(source: str) -> str:
    return _("Set by %(source)s. Its games can't change it.") % {"source": _(source)}


def may_not_act(timed_out_until: datetime | None, now: datetime) -> str:
    """Return why a member who may do nothing in Discord may do nothing here."""
    if timed_out_until is not None and timed_out_until > now:
        return _("You're timed out in this server in Discord. Try again when that ends.")
    return _("Accept this server's rules in Discord first, then try again.")


# --- participants ----------------------------------------------------------------------------------------

NOT_A_PERSON = gettext_noop("That isn't a person. Write @ and a member's name, one per line.")
NAME_AFTER_AT = gettext_noop("Write a member's name after the @.")
PARTICIPANTS_HELP = gettext_noop(
    "One per line: @name for a member, a plain name for anyone else. "
    "They get the first seats in this order, and we notify them."
)
ADD_PARTICIPANTS_HELP = gettext_noop(
    "Adds to the people already in. One per line: @name for a member, a plain name for anyone else. "
    "We notify the people you add. Remove people on the game's page."
)
COHOSTS_HELP = gettext_noop("Any members of this server, one per line: @ and a name.")
DISCORD_UNAVAILABLE = gettext_noop("We can't reach Discord right now. Try again in a moment.")


def still_looking(number: int) -> str:
    """Return why a name cannot be saved yet, while `number` names are looked up one by one."""
    seconds = max(5, -(-number // 5) * 5)
    text = ngettext(
        "We're still looking up this name in Discord. Save again in about %(count)d seconds.",
        "We're still looking up this name in Discord. Save again in about %(count)d seconds.",
        seconds,
    )
    return text % {"count": seconds}


MEMBER_LEFT = gettext_noop("Someone you named has left this server. Remove them from the list.")
UNKNOWN_SIGNUP = gettext_noop("They're no longer in this game, so there's nobody to remove.")


def name_problem(line: int, typed: str, sentence: str) -> str:
    shown = typed if len(typed) <= 70 else f"{typed[:69]}…"
    return _("Line %(line)d, “%(typed)s”: %(sentence)s") % {"line": line, "typed": shown, "sentence": _(sentence)}


def no_such_id(looked_up: bool) -> str:
    if not looked_up:
        return _(DISCORD_UNAVAILABLE)
    return _("Nobody in this server has that id. Add members, not bots; write others as a plain name.")


def too_many_names(most: int) -> str:
    text = ngettext(
        "Name at most %(count)d people at once. Add the others afterwards.",
        "Name at most %(count)d people at once. Add the others afterwards.",
        most,
    )
    return text % {"count": most}


def nobody_is_called(near: bool, looked_up: bool) -> str:
    if not looked_up:
        return _("We don't know anyone here by that name.") + " " + _(DISCORD_UNAVAILABLE)
    if near:
        return _("Nobody in this server is called that. Choose who you mean below.")
    return _("Nobody in this server is called that. Remove the @ to keep a plain name.")


def write_one_of(names: Iterable[str]) -> str:
    return _("Who do you mean? Write one of these: %(names)s.") % {"names": ", ".join(names)}


def several_are_called(number: int, shown: int, looked_up: bool) -> str:
    if number == 1 <= shown:
        return _("We couldn't ask Discord whether others have that name. Choose who you mean below.")
    if number > shown:
        text = ngettext(
            "%(count)d members have that name. Choose below, or write more of the name.",
            "%(count)d members have that name. Choose below, or write more of the name.",
            number,
        )
    elif looked_up:
        text = ngettext(
            "%(count)d members have that name. Choose who you mean below.",
            "%(count)d members have that name. Choose who you mean below.",
            number,
        )
    else:
        text = ngettext(
            "%(count)d members we know have that name. Choose who you mean below.",
            "%(count)d members we know have that name. Choose who you mean below.",
            number,
        )
    return text % {"count": number}


def not_a_cohost(name: str) -> str:
    return _("“%(name)s”: only members can be co-hosts. Write @ before the name.") % {"name": name}


def named_twice(name: str, placeholder: bool) -> str:
    if placeholder:
        return _("“%(name)s” is listed twice. For two people, write two names.") % {"name": name}
    return _("%(name)s is named twice. Remove one.") % {"name": name}


NAMES_SHOWN = 10


def listed(names: Sequence[str]) -> str:
    """Return names in a row; of many, the first and how many more."""
    shown, others = ", ".join(names[:NAMES_SHOWN]), len(names) - NAMES_SHOWN
    if others <= 0:
        return shown
    return ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", others) % {
        "names": shown,
        "count": others,
    }


def added(names: Iterable[str], already: Iterable[str]) -> str:
    """Return who was added; starts with a space, or is ''."""
    new, old = list(names), list(already)
    text = " " + _("Added: %(names)s.") % {"names": listed(new)} if new else ""
    return text + " " + _("Already in: %(names)s.") % {"names": listed(old)} if old else text


def not_mentioned(nobody: Sequence[str], several: Sequence[str], looked_up: bool) -> str:
    """Return which names in a text are nobody's, and which are several members'; starts with a space, or is ''."""
    text = ""
    if several:
        names = join_with_or([f"“@{name}”" for name in several])
        text = " " + _("Several members are called %(names)s, so it mentions nobody.") % {"names": names}
    if nobody:
        names = join_with_or([f"“@{name}”" for name in nobody])
        if looked_up:
            text += " " + _("Nobody in this server is called %(names)s, so that stays plain text.") % {"names": names}
        else:
            text += " " + _("We don't know anyone called %(names)s, so that stays plain text.") % {"names": names}
    return text


def names_completed(pairs: Iterable[tuple[str, str]]) -> str:
    """Return which typed names were completed to longer ones; starts with a space, or is ''."""
    return "".join(
        " " + _("We took “%(typed)s” to mean %(name)s.") % {"typed": typed, "name": name} for typed, name in pairs
    )


def removed(name: str) -> str:
    """Return the reply to Remove. It promises no message: they may not have heard of being added."""
    return _("%(name)s is no longer in the game.") % {"name": name}


# --- lists -----------------------------------------------------------------------------------------------

NO_GAMES_OF_MINE = gettext_noop("You have no upcoming games. Find one to join with /game list.")
OLD_COMMAND = gettext_noop("That command is from another version of the bot. Type / again in a minute.")

VIEWER_TEXT = {
    "hosting": gettext_noop("you're hosting"),
    "seated": gettext_noop("you're in"),
    "waiting": gettext_noop("you're waiting for a seat"),
    "": "",
}


def list_title(guild: str, past: bool) -> str:
    """Return the title of a list of games; without a guild of the reader's own."""
    if guild:
        text = _("Past games in %(guild)s") if past else _("Upcoming games in %(guild)s")
        return text % {"guild": isolated(guild)}
    return _("Your past games") if past else _("Your games")


def no_games(mine: bool, past: bool, filtered: bool) -> str:
    """Return what an empty list says."""
    if filtered:
        return _("No games match. Leave options out to see more.")
    if past:
        return _("You haven't played a game yet.") if mine else _("No games were played here yet.")
    return _(NO_GAMES_OF_MINE) if mine else _("No upcoming games here. Schedule the first one with /game create.")


# --- for Discord ---------------------------------------------------------------------------------------------
# Times in messages are Discord's own timestamps, which each reader's client shows in the reader's zone:
# https://discord.com/developers/docs/reference#message-formatting


def timestamp(at: datetime, style: str = "F") -> str:
    return f"<t:{int(at.timestamp())}:{style}>"


def timestamp_with_countdown(at: datetime) -> str:
    return f"{timestamp(at)} ({timestamp(at, 'R')})"


# --- Discord's markup on pages and in plain text -------------------------------------------------------------

SPOILER, SPOILER_LABEL = gettext_noop("[spoiler]"), gettext_noop("Spoiler")
NO_ACCESS = gettext_noop("#No Access")  # as Discord calls a channel that one may not view
HIDDEN_CHANNEL = gettext_noop("a channel hidden from you")  # the same in lists of ours, where it stands as a value
DELETED_CHANNEL = gettext_noop("a deleted channel")
HIDDEN_VALUE = gettext_noop("not shown to you")  # what such a channel sets
_UNITS = (
    (
        31_557_600,
        ngettext_lazy("in %(count)d year", "in %(count)d years", "count"),
        ngettext_lazy("%(count)d year ago", "%(count)d years ago", "count"),
    ),
    (
        2_629_800,
        ngettext_lazy("in %(count)d month", "in %(count)d months", "count"),
        ngettext_lazy("%(count)d month ago", "%(count)d months ago", "count"),
    ),
    (
        86_400,
        ngettext_lazy("in %(count)d day", "in %(count)d days", "count"),
        ngettext_lazy("%(count)d day ago", "%(count)d days ago", "count"),
    ),
    (
        3600,
        ngettext_lazy("in %(count)d hour", "in %(count)d hours", "count"),
        ngettext_lazy("%(count)d hour ago", "%(count)d hours ago", "count"),
    ),
    (
        60,
        ngettext_lazy("in %(count)d minute", "in %(count)d minutes", "count"),
        ngettext_lazy("%(count)d minute ago", "%(count)d minutes ago", "count"),
    ),
)  # seconds


def relative_time(at: datetime, now: datetime) -> str:
    """Return `in 3 days` or `2 hours ago`: rounded, in the largest unit of which it is one and a half.

    `relativeTime` of `static/app.js` has the same rule, so that no moment reads two ways on one page.
    """
    seconds = (at - now).total_seconds()
    size, ahead, ago = next((unit for unit in _UNITS if abs(seconds) >= 1.5 * unit[0]), _UNITS[-1])
    if count := int(abs(seconds) / size + 0.5):  # a half goes up: round() takes the even one
        return str((ahead if seconds > 0 else ago) % {"count": count})
    return _("in a moment") if seconds > 0 else _("a moment ago")


# --- the announcement's problems -------------------------------------------------------------------------


def not_announced(posted: bool, channel: str, missing: list[str]) -> str:
    if missing:
        text = (
            _("The post is out of date: the bot needs %(permissions)s in #%(channel)s.")
            if posted
            else _("Not announced: the bot needs %(permissions)s in #%(channel)s.")
        )
        return text % {"permissions": join_and(missing), "channel": channel}
    if posted:
        return _("The post is out of date: the bot can't post in #%(channel)s.") % {"channel": channel}
    return _("Not announced: the bot can't post in #%(channel)s.") % {"channel": channel}


def maybe_announced(channel: str) -> str:
    return _(
        "The post may be in #%(channel)s: the bot can't read its history to check. Look there, and "
        "announce the game again if it's missing."
    ) % {"channel": channel}


def channel_deleted(channel: str) -> str:
    return _("Not announced: #%(channel)s is gone. Edit the game and choose another channel.") % {"channel": channel}


def refused_by_discord(why: str) -> str:
    return _("Not announced: Discord refused it (%(why)s).") % {"why": why}


def quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def confirmed_text(confirmed: int, seated: int) -> str:
    text = ngettext("%(confirmed)d of %(seated)d confirmed", "%(confirmed)d of %(seated)d confirmed", confirmed)
    return text % {"confirmed": confirmed, "seated": seated}


def with_inviter(name: str, inviter: str) -> str:
    """Return `Pia (with Alice)`."""
    return _("%(name)s (with %(inviter)s)") % {"name": name, "inviter": inviter}


POST_DELETED = gettext_noop(
    "Someone deleted the announcement in Discord. Put it back with the button, or cancel the game."
)
