"""All wording about games that entry points share.

Plain text: each entry point escapes and decorates it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gamesched.lib.durations import minutes_text
from guilds.display_names import normalize_name
from guilds.names import isolated

UNKNOWN_GAME = "We can't find that game. It may be gone, or in a server you aren't in."
NOT_A_MEMBER = "You aren't a member of that server, or the bot isn't in it."
NOT_YOURS = "Only the host and server managers can do that. Ask the host."
STALE = "Someone changed this game while you were editing it. We saved nothing; compare both below."
UNKNOWN_TEMPLATE = "We can't find that template in this server. Choose another."
UNKNOWN_CHANNEL = "We can't find that text channel in this server. Choose another."
CHANNEL_NOT_WRITABLE = "You can't write in that channel in Discord, so choose another to announce in."
NOT_THE_HOST = "Only the host and server managers can choose who runs the game. Ask the host."
BLOCK_TOO_FAR = "That date is too far away. Choose one before 2200, or none to block for good."
BLOCK_PAST = "That date is past. Choose a later one, or none to block for good."
UNBLOCKED = "They can sign up again."
BLOCKED = "You can't sign up here right now. Ask a server manager why."
NOT_HERE = "This button belongs to a game in another server. Use it there."
NOT_IN_DM = "This button works only where the game was announced. Use it there."
OLD_BUTTON = "This button is out of date. Use the current one on the game's page."
FAILED = "That didn't work, and it's our fault. Your sign-up is unchanged; try again in a moment."
NOT_ACKNOWLEDGED = "Done, but Discord didn't accept our reply."
SOMEBODY = "Someone in Discord"
OPERATOR = "An operator"


def not_a_member(name: str) -> str:
    return f"{name} isn't a member of this server, or the bot hasn't seen them there."


def cannot_see_channel(name: str) -> str:
    return f"{name} can't see this game's channel in Discord. Give them access there first."


def nobody_of_that_name(count: int) -> str:
    if count:
        return f"{count} people here have that name. Write their Discord username or id instead."
    return "We don't know anyone here by that name. Write their Discord username or id."


def blocked_others(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} can't be signed up here right now. Ask a server manager why."


ONE_HOST = "Name one member of this server. Add others as co-hosts."
NO_SUCH_MEMBER = "We can't find that person in this server. Name one of its members."


def handed_over(name: str) -> str:
    return f"{name} is the host now. The previous host stays as a co-host."


def role_needed_to_join(roles: Sequence[str]) -> str:
    """Return which roles may sign up, for people who have none of them."""
    return f"Only {join_with_or(roles)} can sign up for this game. Ask a server manager for the role."


def role_needed_to_host(roles: Sequence[str]) -> str:
    if not roles:
        return "Only server managers can schedule games here. Ask one to let your role host."
    return f"Only {join_with_or(roles)} and server managers can schedule games here. Ask for the role."


def join_with_or(names: Sequence[str]) -> str:
    """Join names: `Player`, `Player or Veteran`, `A, B or C`; without names, a deleted role."""
    if not names:
        return "a deleted role"
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


NOT_PINGABLE = "You can't ping these roles here. Choose others, or ask a server manager to allow them."

NONE_PINGABLE = "Hosts can't ping any role here, so new announcements ping nobody."


def seats_text(seated: int, seats: int, waiting: int) -> str:
    """Return `3 of 5 seats taken, 2 waiting`."""
    if seats:
        return f"{seated} of {seats} seats taken, {waiting} waiting" if waiting else f"{seated} of {seats} seats taken"
    return f"{seated} signed up, {waiting} waiting" if waiting else f"{seated} signed up"


def open_text(seats: int | None) -> str:
    """Return `2 open`; '' for no or unlimited free seats."""
    return f"{seats} open" if seats else ""


def more(number: int) -> str:
    return f"… and {number} more"


def place_text(number: int, seats: int, seated: bool) -> str:
    """Return `seat 3 of 5` or `number 2 on the wait list`."""
    if not seated:
        return f"number {number} on the wait list"
    return f"seat {number} of {seats}" if seats else f"number {number}"


def joined(number: int, seats: int, seated: bool, already: bool, again: bool = False) -> str:
    """Return the reply to Join.

    `again`: they were in the game before, and left.
    """
    place = place_text(number, seats, seated)
    if already:
        return f"You're already in: {place}." if seated else f"You're already waiting: {place}."
    if again and seated:
        return f"Welcome back. You're in, {place}."
    if again:
        return f"Welcome back. You're {place} and move up automatically."
    return f"You're in, {place}." if seated else f"The game is full. You're {place} and move up automatically."


def signed_up_by_other(name: str, place: str, already: bool) -> str:
    """Return the reply to a person who signs someone else up."""
    return f"{name} is already signed up: {place}." if already else f"{name} is signed up: {place}."


def left(was_in: bool) -> str:
    """Return the reply to Leave."""
    return "You left the game." if was_in else "You aren't in this game, so there's nothing to leave."


def created(past: Iterable[int]) -> str:
    return "Game scheduled. We announce it in a moment." + past_text(past)


def edited(changed: bool, past: Iterable[int]) -> str:
    return ("Changes saved." if changed else "No changes to save.") + past_text(past)


def announcing_again() -> str:
    return "We're trying the announcement again."


def past_text(past: Iterable[int]) -> str:
    """Name the reminders that are already past; starts with a space, or is ''."""
    names = [minutes_text(minutes) for minutes in past]
    if not names:
        return ""
    if len(names) == 1:
        return f" The reminder {names[0]} before is already past, so we won't send it."
    return f" The reminders {', '.join(names[:-1])} and {names[-1]} before are already past, so we won't send them."


def reminders_text(reminders: Iterable[int]) -> str:
    names = [minutes_text(minutes) for minutes in reminders]
    return ", ".join(names) + " before" if names else "none"


def skipped_time(local: datetime, zone: str) -> str:
    """Return why a time is none: `02:30 on 28 March 2027 doesn't exist in …`."""
    return f"{_clock_and_day(local)} doesn't exist in {zone}: clocks go forward over it. Choose a time next to it."


def repeated_time(local: datetime, zone: str) -> str:
    shown = _clock_and_day(local)
    return f"{shown} comes twice in {zone}: clocks go back over it. Choose which you mean."


def _clock_and_day(local: datetime) -> str:
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"


# --- settings --------------------------------------------------------------------------------------------


def no_such_role(name: str, names: Sequence[str]) -> str:
    similar = [candidate for candidate in names if normalize_name(name)[:3] == normalize_name(candidate)[:3]]
    if similar:
        return f"No role here is called “{name}”. Do you mean {join_with_or(similar)}?"
    return f"No role here is called “{name}”. Check the name in Discord."


def several_roles(name: str, count: int) -> str:
    return f"{count} roles here are called “{name}”. Write the id of the one you mean."


def inherited(text: str, source: str) -> str:
    return f"Inherited: {text}, from {source}."


def inherits(text: str) -> str:
    """Return the label of the choice to inherit, in a list of choices."""
    return f"Inherited: {text}"


def locked(source: str) -> str:
    return f"Set by {source}. Its games can't change it."


def may_not_act(timed_out_until: datetime | None, now: datetime) -> str:
    """Return why a member who may do nothing in Discord may do nothing here."""
    if timed_out_until is not None and timed_out_until > now:
        return "You're timed out in this server in Discord. Try again when that ends."
    return "Accept this server's rules in Discord first, then try again."


# --- participants ----------------------------------------------------------------------------------------

NOT_A_PERSON = "That isn't a person. Write @ and a member's name, one per line."
NAME_AFTER_AT = "Write a member's name after the @."
PARTICIPANTS_HELP = (
    "One per line: @name for a member, a plain name for anyone else. "
    "They get the first seats in this order, and we notify them."
)
ADD_PARTICIPANTS_HELP = (
    "Adds to the people already in. One per line: @name for a member, a plain name for anyone else. "
    "We notify the people you add. Remove people on the game's page."
)
COHOSTS_HELP = "Any members of this server, one per line: @ and a name."
DISCORD_UNAVAILABLE = "We can't reach Discord right now. Try again in a moment."


def still_looking(number: int) -> str:
    """Return why a name cannot be saved yet, while `number` names are looked up one by one."""
    return f"We're still looking up this name in Discord. Save again in about {max(5, -(-number // 5) * 5)} seconds."


MEMBER_LEFT = "Someone you named has left this server. Remove them from the list."
UNKNOWN_SIGNUP = "They're no longer in this game, so there's nobody to remove."


def name_problem(line: int, typed: str, sentence: str) -> str:
    shown = typed if len(typed) <= 70 else f"{typed[:69]}…"
    return f"Line {line}, “{shown}”: {sentence}"


def no_such_id(looked_up: bool) -> str:
    if not looked_up:
        return DISCORD_UNAVAILABLE
    return "Nobody in this server has that id. Add members, not bots; write others as a plain name."


def too_many_names(most: int) -> str:
    return f"Name at most {most} people at once. Add the others afterwards."


def nobody_is_called(near: bool, looked_up: bool) -> str:
    if not looked_up:
        return f"We don't know anyone here by that name. {DISCORD_UNAVAILABLE}"
    if near:
        return "Nobody in this server is called that. Choose who you mean below."
    return "Nobody in this server is called that. Remove the @ to keep a plain name."


def write_one_of(names: Iterable[str]) -> str:
    return f"Who do you mean? Write one of these: {', '.join(names)}."


def several_are_called(number: int, shown: int, looked_up: bool) -> str:
    if number > shown:
        return f"{number} members have that name. Choose below, or write more of the name."
    if number == 1:
        return "We couldn't ask Discord whether others have that name. Choose who you mean below."
    if looked_up:
        return f"{number} members have that name. Choose who you mean below."
    return f"{number} members we know have that name. Choose who you mean below."


def not_a_cohost(name: str) -> str:
    return f"“{name}”: only members can be co-hosts. Write @ before the name."


def named_twice(name: str, placeholder: bool) -> str:
    if placeholder:
        return f"“{name}” is listed twice. For two people, write two names."
    return f"{name} is named twice. Remove one."


NAMES_SHOWN = 10


def listed(names: Sequence[str]) -> str:
    """Return names in a row; of many, the first and how many more."""
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else shown


def added(names: Iterable[str], already: Iterable[str]) -> str:
    """Return who was added; starts with a space, or is ''."""
    new, old = list(names), list(already)
    text = f" Added: {listed(new)}." if new else ""
    return text + (f" Already in: {listed(old)}." if old else "")


def not_mentioned(nobody: Sequence[str], several: Sequence[str], looked_up: bool) -> str:
    """Return which names in a text are nobody's, and which are several members'; starts with a space, or is ''."""
    text = ""
    if several:
        names = join_with_or([f"“@{name}”" for name in several])
        text = f" Several members are called {names}, so it mentions nobody."
    if nobody:
        names = join_with_or([f"“@{name}”" for name in nobody])
        if looked_up:
            text += f" Nobody in this server is called {names}, so that stays plain text."
        else:
            text += f" We don't know anyone called {names}, so that stays plain text."
    return text


def names_completed(pairs: Iterable[tuple[str, str]]) -> str:
    """Return which typed names were completed to longer ones; starts with a space, or is ''."""
    return "".join(f" We took “{typed}” to mean {name}." for typed, name in pairs)


def removed(name: str) -> str:
    """Return the reply to Remove. It promises no message: they may not have heard of being added."""
    return f"{name} is no longer in the game."


# --- lists -----------------------------------------------------------------------------------------------

NO_GAMES_OF_MINE = "You have no upcoming games. Find one to join with /game list."
OLD_COMMAND = "That command is from another version of the bot. Type / again in a minute."

VIEWER_TEXT = {"hosting": "you're hosting", "seated": "you're in", "waiting": "you're waiting for a seat", "": ""}


def list_title(guild: str, past: bool) -> str:
    """Return the title of a list of games; without a guild of the reader's own."""
    if guild:
        return f"Past games in {isolated(guild)}" if past else f"Upcoming games in {isolated(guild)}"
    return "Your past games" if past else "Your games"


def no_games(mine: bool, past: bool, filtered: bool) -> str:
    """Return what an empty list says."""
    if filtered:
        return "No games match. Leave options out to see more."
    if past:
        return "You haven't played a game yet." if mine else "No games were played here yet."
    return NO_GAMES_OF_MINE if mine else "No upcoming games here. Schedule the first one with /game create."


# --- for Discord ---------------------------------------------------------------------------------------------
# Times in messages are Discord's own timestamps, which each reader's client shows in the reader's zone:
# https://discord.com/developers/docs/reference#message-formatting


def timestamp(at: datetime, style: str = "F") -> str:
    return f"<t:{int(at.timestamp())}:{style}>"


def timestamp_with_countdown(at: datetime) -> str:
    return f"{timestamp(at)} ({timestamp(at, 'R')})"


# --- Discord's markup on pages and in plain text -------------------------------------------------------------

SPOILER, SPOILER_LABEL = "[spoiler]", "Spoiler"
NO_ACCESS = "#No Access"  # as Discord calls a channel that one may not view
HIDDEN_CHANNEL = "a channel hidden from you"  # the same in lists of ours, where it stands as a value
DELETED_CHANNEL = "a deleted channel"
HIDDEN_VALUE = "not shown to you"  # what such a channel sets
_UNITS = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3600), ("minute", 60))  # seconds


def relative_time(at: datetime, now: datetime) -> str:
    """Return `in 3 days` or `2 hours ago`, in the largest unit that is full."""
    seconds = round((at - now).total_seconds())
    for unit, size in _UNITS:
        if count := abs(seconds) // size:
            text = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"in {text}" if seconds > 0 else f"{text} ago"
    return "in a moment" if seconds > 0 else "a moment ago"


# --- the announcement's problems -------------------------------------------------------------------------


def not_announced(posted: bool, channel: str, missing: list[str]) -> str:
    if missing:
        needs = " and ".join(missing)
        if posted:
            return f"The post is out of date: the bot needs {needs} in #{channel}."
        return f"Not announced: the bot needs {needs} in #{channel}."
    if posted:
        return f"The post is out of date: the bot can't post in #{channel}."
    return f"Not announced: the bot can't post in #{channel}."


def maybe_announced(channel: str) -> str:
    return (
        f"The post may be in #{channel}: the bot can't read its history to check. "
        "Look there, and announce the game again if it's missing."
    )


def channel_deleted(channel: str) -> str:
    return f"Not announced: #{channel} is gone. Edit the game and choose another channel."


def refused_by_discord(why: str) -> str:
    return f"Not announced: Discord refused it ({why})."


def quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def confirmed_text(confirmed: int, seated: int) -> str:
    return f"{confirmed} of {seated} confirmed"


def with_inviter(name: str, inviter: str) -> str:
    """Return `Pia (with Alice)`."""
    return f"{name} (with {inviter})"


POST_DELETED = "Someone deleted the announcement in Discord. Put it back with the button, or cancel the game."
