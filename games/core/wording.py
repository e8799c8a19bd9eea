"""All wording about games that entry points share.

Plain text: each entry point escapes and decorates it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from gamesched.lib.durations import minutes_text
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
        return _("%(count)d people here have that name. Write their Discord username or id instead.") % {"count": count}
    return _("We don't know anyone here by that name. Write their Discord username or id.")


def blocked_others(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} can't be signed up here right now. Ask a server manager why."


ONE_HOST = gettext_noop("Name one member of this server. Add others as co-hosts.")
NO_SUCH_MEMBER = gettext_noop("We can't find that person in this server. Name one of its members.")


def handed_over(name: str) -> str:
    return _("%(name)s is the host now. The previous host stays as a co-host.") % {"name": name}


def role_needed_to_join(roles: Sequence[str]) -> str:
    """Return which roles may sign up, for people who have none of them."""
    return _("Only %(names)s can sign up for this game. Ask a server manager for the role.") % {
        "names": join_with_or(roles)
    }


def role_needed_to_host(roles: Sequence[str]) -> str:
    if not roles:
        return _("Only server managers can schedule games here. Ask one to let your role host.")
    return _("Only %(names)s and server managers can schedule games here. Ask for the role.") % {
        "names": join_with_or(roles)
    }


def join_with_or(names: Sequence[str]) -> str:
    """Join names: `Player`, `Player or Veteran`, `A, B or C`; without names, a deleted role."""
    if not names:
        return _("a deleted role")
    return " " + _("or") + " ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


NOT_PINGABLE = gettext_noop("You can't ping these roles here. Choose others, or ask a server manager to allow them.")

NONE_PINGABLE = gettext_noop("Hosts can't ping any role here, so new announcements ping nobody.")


def seats_text(seated: int, seats: int, waiting: int) -> str:
    """Return `3 of 5 seats taken, 2 waiting`."""
    if seats:
        return (
            _("%(seated)d of %(seats)d seats taken, %(waiting)d waiting")
            % {"seated": seated, "seats": seats, "waiting": waiting}
            if waiting
            else _("%(seated)d of %(seats)d seats taken") % {"seated": seated, "seats": seats}
        )
    return (
        _("%(seated)d signed up, %(waiting)d waiting") % {"seated": seated, "waiting": waiting}
        if waiting
        else _("%(seated)d signed up") % {"seated": seated}
    )


def open_text(seats: int | None) -> str:
    """Return `2 open`; '' for no or unlimited free seats."""
    return _("%(seats)s open") % {"seats": seats} if seats else ""


def more(number: int) -> str:
    return _("… and %(number)d more") % {"number": number}


def place_text(number: int, seats: int, seated: bool) -> str:
    """Return `seat 3 of 5` or `number 2 on the wait list`."""
    if not seated:
        return _("number %(number)d on the wait list") % {"number": number}
    return (
        _("seat %(number)d of %(seats)d") % {"number": number, "seats": seats}
        if seats
        else _("number %(number)d") % {"number": number}
    )


def joined(number: int, seats: int, seated: bool, already: bool, again: bool = False) -> str:
    """Return the reply to Join.

    `again`: they were in the game before, and left.
    """
    place = place_text(number, seats, seated)
    if already:
        return (
            _("You're already in: %(place)s.") % {"place": place}
            if seated
            else _("You're already waiting: %(place)s.") % {"place": place}
        )
    if again and seated:
        return _("Welcome back. You're in, %(place)s.") % {"place": place}
    if again:
        return _("Welcome back. You're %(place)s and move up automatically.") % {"place": place}
    return (
        _("You're in, %(place)s.") % {"place": place}
        if seated
        else _("The game is full. You're %(place)s and move up automatically.") % {"place": place}
    )


def signed_up_by_other(name: str, place: str, already: bool) -> str:
    """Return the reply to a person who signs someone else up."""
    return (
        _("%(name)s is already signed up: %(place)s.") % {"name": name, "place": place}
        if already
        else _("%(name)s is signed up: %(place)s.") % {"name": name, "place": place}
    )


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
    if len(names) == 1:
        return " " + _("The reminder %(0)s before is already past, so we won't send it.") % {"0": names[0]}
    return " " + _("The reminders %(names)s and %(names2)s before are already past, so we won't send them.") % {
        "names": ", ".join(names[:-1]),
        "names2": names[-1],
    }


def reminders_text(reminders: Iterable[int]) -> str:
    names = [minutes_text(minutes) for minutes in reminders]
    return ", ".join(names) + " " + _("before") if names else "none"


def skipped_time(local: datetime, zone: str) -> str:
    """Return why a time is none: `02:30 on 28 March 2027 doesn't exist in …`."""
    return _("%(local)s doesn't exist in %(zone)s: clocks go forward over it. Choose a time next to it.") % {
        "local": _clock_and_day(local),
        "zone": zone,
    }


def repeated_time(local: datetime, zone: str) -> str:
    shown = _clock_and_day(local)
    return _("%(shown)s comes twice in %(zone)s: clocks go back over it. Choose which you mean.") % {
        "shown": shown,
        "zone": zone,
    }


def _clock_and_day(local: datetime) -> str:
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"


# --- settings --------------------------------------------------------------------------------------------


def no_such_role(name: str, names: Sequence[str]) -> str:
    similar = [candidate for candidate in names if normalize_name(name)[:3] == normalize_name(candidate)[:3]]
    if similar:
        return _("No role here is called “%(name)s”. Do you mean %(names)s?") % {
            "name": name,
            "names": join_with_or(similar),
        }
    return _("No role here is called “%(name)s”. Check the name in Discord.") % {"name": name}


def several_roles(name: str, count: int) -> str:
    return _("%(count)d roles here are called “%(name)s”. Write the id of the one you mean.") % {
        "count": count,
        "name": name,
    }


def inherited(text: str, source: str) -> str:
    return _("Inherited: %(text)s, from %(source)s.") % {"text": text, "source": source}


def inherits(text: str) -> str:
    """Return the label of the choice to inherit, in a list of choices."""
    return _("Inherited: %(text)s") % {"text": text}


def locked(source: str) -> str:
    return _("Set by %(source)s. Its games can't change it.") % {"source": source}


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
    return _("We're still looking up this name in Discord. Save again in about %(value)s seconds.") % {
        "value": max(5, -(-number // 5) * 5)
    }


MEMBER_LEFT = gettext_noop("Someone you named has left this server. Remove them from the list.")
UNKNOWN_SIGNUP = gettext_noop("They're no longer in this game, so there's nobody to remove.")


def name_problem(line: int, typed: str, sentence: str) -> str:
    shown = typed if len(typed) <= 70 else f"{typed[:69]}…"
    return _("Line %(line)d, “%(shown)s”: %(sentence)s") % {"line": line, "shown": shown, "sentence": sentence}


def no_such_id(looked_up: bool) -> str:
    if not looked_up:
        return DISCORD_UNAVAILABLE
    return _("Nobody in this server has that id. Add members, not bots; write others as a plain name.")


def too_many_names(most: int) -> str:
    return _("Name at most %(most)d people at once. Add the others afterwards.") % {"most": most}


def nobody_is_called(near: bool, looked_up: bool) -> str:
    if not looked_up:
        return _("We don't know anyone here by that name. %(DISCORD_UNAVAILABLE)s") % {
            "DISCORD_UNAVAILABLE": DISCORD_UNAVAILABLE
        }
    if near:
        return _("Nobody in this server is called that. Choose who you mean below.")
    return _("Nobody in this server is called that. Remove the @ to keep a plain name.")


def write_one_of(names: Iterable[str]) -> str:
    return _("Who do you mean? Write one of these: %(names)s.") % {"names": ", ".join(names)}


def several_are_called(number: int, shown: int, looked_up: bool) -> str:
    if number > shown:
        return _("%(number)d members have that name. Choose below, or write more of the name.") % {"number": number}
    if number == 1:
        return _("We couldn't ask Discord whether others have that name. Choose who you mean below.")
    if looked_up:
        return _("%(number)d members have that name. Choose who you mean below.") % {"number": number}
    return _("%(number)d members we know have that name. Choose who you mean below.") % {"number": number}


def not_a_cohost(name: str) -> str:
    return _("“%(name)s”: only members can be co-hosts. Write @ before the name.") % {"name": name}


def named_twice(name: str, placeholder: bool) -> str:
    if placeholder:
        return _("“%(name)s” is listed twice. For two people, write two names.") % {"name": name}
    return _("%(name)s is named twice. Remove one.") % {"name": name}


NAMES_SHOWN = 10


def listed(names: Sequence[str]) -> str:
    """Return names in a row; of many, the first and how many more."""
    shown = ", ".join(names[:NAMES_SHOWN])
    return (
        _("%(shown)s and %(value)d more") % {"shown": shown, "value": len(names) - NAMES_SHOWN}
        if len(names) > NAMES_SHOWN
        else shown
    )


def added(names: Iterable[str], already: Iterable[str]) -> str:
    """Return who was added; starts with a space, or is ''."""
    new, old = list(names), list(already)
    text = " " + _("Added: %(names)s.") % {"names": listed(new)} if new else ""
    return text + (" " + _("Already in: %(names)s.") % {"names": listed(old)} if old else "")


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
        return (
            _("Past games in %(guild)s") % {"guild": isolated(guild)}
            if past
            else _("Upcoming games in %(guild)s") % {"guild": isolated(guild)}
        )
    return _("Your past games") if past else _("Your games")


def no_games(mine: bool, past: bool, filtered: bool) -> str:
    """Return what an empty list says."""
    if filtered:
        return _("No games match. Leave options out to see more.")
    if past:
        return _("You haven't played a game yet.") if mine else _("No games were played here yet.")
    return NO_GAMES_OF_MINE if mine else _("No upcoming games here. Schedule the first one with /game create.")


# --- for Discord ---------------------------------------------------------------------------------------------
# Times in messages are Discord's own timestamps, which each reader's client shows in the reader's zone:
# https://discord.com/developers/docs/reference#message-formatting


def timestamp(at: datetime, style: str = "F") -> str:
    return f"<t:{int(at.timestamp())}:{style}>"


def timestamp_with_countdown(at: datetime) -> str:
    return f"{timestamp(at)} ({timestamp(at, 'R')})"


# --- Discord's markup on pages and in plain text -------------------------------------------------------------

SPOILER, SPOILER_LABEL = "[spoiler]", gettext_noop("Spoiler")
NO_ACCESS = gettext_noop("#No Access")  # as Discord calls a channel that one may not view
HIDDEN_CHANNEL = gettext_noop("a channel hidden from you")  # the same in lists of ours, where it stands as a value
DELETED_CHANNEL = gettext_noop("a deleted channel")
HIDDEN_VALUE = gettext_noop("not shown to you")  # what such a channel sets
_UNITS = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3600), ("minute", 60))  # seconds


def relative_time(at: datetime, now: datetime) -> str:
    """Return `in 3 days` or `2 hours ago`, in the largest unit that is full."""
    seconds = round((at - now).total_seconds())
    for unit, size in _UNITS:
        if count := abs(seconds) // size:
            text = f"{count} {unit}{'s' if count > 1 else ''}"
            return _("in %(text)s") % {"text": text} if seconds > 0 else _("%(text)s ago") % {"text": text}
    return _("in a moment") if seconds > 0 else _("a moment ago")


# --- the announcement's problems -------------------------------------------------------------------------


def not_announced(posted: bool, channel: str, missing: list[str]) -> str:
    if missing:
        needs = " " + _("and") + " ".join(missing)
        if posted:
            return _("The post is out of date: the bot needs %(needs)s in #%(channel)s.") % {
                "needs": needs,
                "channel": channel,
            }
        return _("Not announced: the bot needs %(needs)s in #%(channel)s.") % {"needs": needs, "channel": channel}
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
    return _("%(confirmed)d of %(seated)d confirmed") % {"confirmed": confirmed, "seated": seated}


def with_inviter(name: str, inviter: str) -> str:
    """Return `Pia (with Alice)`."""
    return _("%(name)s (with %(inviter)s)") % {"name": name, "inviter": inviter}


POST_DELETED = gettext_noop(
    "Someone deleted the announcement in Discord. Put it back with the button, or cancel the game."
)
