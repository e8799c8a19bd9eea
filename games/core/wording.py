"""All wording about games that entry points share.

Plain text: each entry point escapes and decorates it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gamesched.lib.durations import minutes_text
from guilds.display_names import normalize_name
from guilds.names import isolated

UNKNOWN_GAME = "There is no such game, or it is in a server that you are not in."
NOT_A_MEMBER = "You are not a member of that server, or the bot is not in it."
NOT_YOURS = "Only the host and those who manage the server may do that. Ask the host."
STALE = "Somebody changed this game while you were editing it. Nothing was saved; compare the two below."
UNKNOWN_TEMPLATE = "That template is not one of this server's, or was deleted. Choose another."
UNKNOWN_CHANNEL = "That channel is not one of this server's text channels. Choose another."
CHANNEL_NOT_WRITABLE = "You may not write in that channel in Discord, so you cannot announce there. Choose another."
NOT_THE_HOST = "Only the host and those who manage the server may decide who runs the game. Ask the host."
BLOCK_TOO_FAR = "That is no date that anybody can wait for. Choose one before 2200, or none for good."
BLOCK_PAST = "That date is past. Choose a later one, or none for good."
UNBLOCKED = "They can sign up again."
BLOCKED = "You cannot sign up here at the moment. Those who manage the server can tell you more."
NOT_HERE = "This button belongs to a game of another server."
NOT_IN_DM = "This button works only in the server where the game was announced."
OLD_BUTTON = "This button is from an older announcement. Open the game's page for the current one."
FAILED = "That did not work, and it is our fault. Try again in a moment; your sign-up is as it was."
NOT_ACKNOWLEDGED = "Done, but Discord did not take the answer."
SOMEBODY = "Somebody in Discord"
OPERATOR = "An operator"


def not_a_member(name: str) -> str:
    return f"{name} is not a member of this server, or the bot has not seen them there."


def cannot_see_channel(name: str) -> str:
    return f"{name} cannot see this game's channel in Discord. Give them access there first."


def nobody_of_that_name(count: int) -> str:
    if count:
        return f"{count} people here are called that. Write the Discord username or id instead."
    return "Nobody of that name is known here. Write the Discord username or id."


def blocked_others(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} cannot be signed up here at the moment. Those who manage the server can say more."


ONE_HOST = "Name one member of this server. Others can be co-hosts."
NO_SUCH_MEMBER = "We find nobody like that in this server. Name one of its members."


def handed_over(name: str) -> str:
    return f"{name} is the host now; whoever was it stays as a co-host."


def role_needed_to_join(roles: Sequence[str]) -> str:
    """Return which roles may sign up, for people who have none of them."""
    return f"Only {join_with_or(roles)} may sign up for this game. Ask those who manage the server for the role."


def role_needed_to_host(roles: Sequence[str]) -> str:
    if not roles:
        return "Only those who manage the server may schedule games here. Ask them to let a role of yours host."
    return f"Only {join_with_or(roles)} and those who manage the server may schedule games here."


def join_with_or(names: Sequence[str]) -> str:
    """Join names: `Player`, `Player or Veteran`, `A, B or C`; no names stand for a deleted role."""
    if not names:
        return "a role that was deleted"
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


NOT_PINGABLE = "You may not have these roles pinged here. Those who manage the server decide which hosts may ping."

NONE_PINGABLE = "No role may be pinged by hosts here, so a new announcement pings nobody."


def seats_text(seated: int, seats: int, waiting: int) -> str:
    """Return `3 of 5 seats taken, 2 waiting`."""
    text = f"{seated} of {seats} seats taken" if seats else f"{seated} signed up"
    return f"{text}, {waiting} waiting" if waiting else text


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
        return f"You are already in: {place}." if seated else f"You are already waiting: {place}."
    if again:
        return f"Welcome back. You are {f'in, {place}' if seated else f'{place}, and move up by itself'}."
    return f"You are in, {place}." if seated else f"The game is full. You are {place}, and move up by itself."


def signed_up_by_other(name: str, place: str, already: bool) -> str:
    """Return the reply to a person who signs somebody else up."""
    return f"{name} is signed up{' already' if already else ''}: {place}."


def left(was_in: bool) -> str:
    """Return the reply to Leave."""
    return "You left the game." if was_in else "You are not in this game, so there is nothing to leave."


def created(past: Iterable[int]) -> str:
    return "The game is scheduled and will be announced in a moment." + past_text(past)


def edited(changed: bool, past: Iterable[int]) -> str:
    return ("The changes are saved." if changed else "Nothing was different, so nothing changed.") + past_text(past)


def announcing_again() -> str:
    return "The announcement is being tried again."


def past_text(past: Iterable[int]) -> str:
    """Name the reminders that are already past; starts with a space, or is ''."""
    names = [minutes_text(minutes) for minutes in past]
    if not names:
        return ""
    if len(names) == 1:
        return f" The reminder {names[0]} before is already past and will not be sent."
    return f" The reminders {', '.join(names[:-1])} and {names[-1]} before are already past and will not be sent."


def reminders_text(reminders: Iterable[int]) -> str:
    names = [minutes_text(minutes) for minutes in reminders]
    return ", ".join(names) + " before" if names else "none"


def skipped_time(local: datetime, zone: str) -> str:
    """Return why a time is none: `02:30 on 28 March 2027 does not exist in …`."""
    return f"{_clock_and_day(local)} does not exist in {zone}: clocks go forward over it. Choose a time next to it."


def repeated_time(local: datetime, zone: str) -> str:
    shown = _clock_and_day(local)
    return f"{shown} comes twice in {zone}: clocks go back over it. Choose which one you mean."


def _clock_and_day(local: datetime) -> str:
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"


# --- settings --------------------------------------------------------------------------------------------


def no_such_role(name: str, names: Sequence[str]) -> str:
    similar = [candidate for candidate in names if normalize_name(name)[:3] == normalize_name(candidate)[:3]]
    return f"No role here is called “{name}”.{f' There is {join_with_or(similar)}.' if similar else ''}"


def several_roles(name: str, count: int) -> str:
    return f"{count} roles here are called “{name}”. Write the id of the one you mean instead."


def inherited(text: str, source: str) -> str:
    return f"Inherited: {text}, from {source}."


def inherits(text: str) -> str:
    """Return the label of the choice to inherit, in a list of choices."""
    return f"Inherited: {text}"


def locked(source: str) -> str:
    return f"Set by {source}, which its games cannot change."


def may_not_act(timed_out_until: datetime | None, now: datetime) -> str:
    """Return why a member who may do nothing in Discord may do nothing here."""
    if timed_out_until is not None and timed_out_until > now:
        return "You are timed out in this server in Discord. Try again when that is over."
    return "Accept the rules of this server in Discord first, then try again."


# --- participants ----------------------------------------------------------------------------------------

NOT_A_PERSON = "This names no person. Write @ and a member's name, one person in each line."
NAME_AFTER_AT = "Write the name of a member after the @."
PARTICIPANTS_HELP = (
    "One in each line: @ and a member's name, or a plain name for somebody not in Discord. "
    "They get the first seats in this order, and are told."
)
ADD_PARTICIPANTS_HELP = (
    "Those whom you add to the people who are in. One in each line: @ and a member's name, or a plain name for "
    "somebody not in Discord. Whom you add is told; remove people on the game's page."
)
COHOSTS_HELP = "Any members of this server, one in each line: @ and a name."
DISCORD_UNAVAILABLE = "Discord could not be asked just now. Try again in a moment."


def still_looking(number: int) -> str:
    """Return why a name cannot be saved yet, while `number` names are looked up one by one."""
    return f"We are still asking Discord about this name. Save again in about {max(5, -(-number // 5) * 5)} seconds."


MEMBER_LEFT = "Somebody you named is no longer in this server. Take them out of the list."
UNKNOWN_SIGNUP = "They are not in this game any more, so there is nobody to remove."


def name_problem(line: int, typed: str, sentence: str) -> str:
    shown = typed if len(typed) <= 70 else f"{typed[:69]}…"
    return f"Line {line}, “{shown}”: {sentence}"


def no_such_id(looked_up: bool) -> str:
    if not looked_up:
        return DISCORD_UNAVAILABLE
    return "Nobody in this server has that id. Only people in it can be added, not bots; write others as a plain name."


def too_many_names(most: int) -> str:
    return f"Name at most {most} people at once, and the others afterwards."


def nobody_is_called(near: bool, looked_up: bool) -> str:
    nobody = "Nobody in this server is called that."
    if not looked_up:
        return f"Nobody whom we know here is called that. {DISCORD_UNAVAILABLE}"
    return f"{nobody} Choose below whom you mean." if near else f"{nobody} Without the @ it is kept as a plain name."


def write_one_of(names: Iterable[str]) -> str:
    return f"Whom do you mean? Write one of these: {', '.join(names)}."


def several_are_called(number: int, shown: int, looked_up: bool) -> str:
    if number > shown:
        return f"{number} members are called so. Choose below, or write more of the name."
    if number == 1:
        return "Discord could not be asked whether others are called so too. Choose below whom you mean."
    return f"{number} members are called so{'' if looked_up else ', of those we know'}. Choose below whom you mean."


def not_a_cohost(name: str) -> str:
    return f"“{name}”: Only members can be co-hosts. Write @ before the name."


def named_twice(name: str, placeholder: bool) -> str:
    if placeholder:
        return f"“{name}” stands here twice. For two people, write two names."
    return f"{name} is named twice. Take one out."


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
        text = f" Several members are called {join_with_or([f'“@{name}”' for name in several])}, so it mentions nobody."
    if nobody:
        whom = "Nobody in this server" if looked_up else "Nobody whom we know here"
        text += f" {whom} is called {join_with_or([f'“@{name}”' for name in nobody])}, so that stays plain text."
    return text


def names_completed(pairs: Iterable[tuple[str, str]]) -> str:
    """Return which typed names were completed to longer ones; starts with a space, or is ''."""
    return "".join(f" “{typed}” was taken for {name}." for typed, name in pairs)


def removed(name: str) -> str:
    """Return the reply to Remove. Whether they hear of it is not sure: an addition that they had not heard of, say."""
    return f"{name} is no longer in the game."


# --- lists -----------------------------------------------------------------------------------------------

NO_GAMES_OF_MINE = "You host no game to come, and are in none. /game list shows those you can join."
OLD_COMMAND = "That command is from another version of the bot. Type / again; it may take Discord a minute to follow."

VIEWER_TEXT = {"hosting": "you host it", "seated": "you are in", "waiting": "you wait for a seat", "": ""}


def list_title(guild: str, past: bool) -> str:
    """Return the title of a list of games; without a guild of the reader's own."""
    if guild:
        return f"Past games in {isolated(guild)}" if past else f"Games to come in {isolated(guild)}"
    return "Your past games" if past else "Your games"


def no_games(mine: bool, past: bool, filtered: bool) -> str:
    """Return what an empty list says."""
    if filtered:
        return "No game fits. Leave options out to see more."
    if past:
        return "You were in no game yet." if mine else "No games were played here yet."
    return NO_GAMES_OF_MINE if mine else "No games are to come here. Schedule the first one on the web page."


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
    what = "Not up to date in Discord" if posted else "Not announced"
    if missing:
        return f"{what}: missing {' and '.join(missing)} in #{channel}."
    return f"{what}: the bot may not post in #{channel}."


def maybe_announced(channel: str) -> str:
    return (
        f"It may have been announced in #{channel} or not: the bot may not read the channel's history to find out. "
        "Look there, and have it announced again if it is missing."
    )


def channel_deleted(channel: str) -> str:
    return f"Not announced: #{channel} no longer exists. Edit the game and choose another channel."


def refused_by_discord(why: str) -> str:
    return f"Not announced: Discord refused it ({why})."


def quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def confirmed_text(confirmed: int, seated: int) -> str:
    return f"{confirmed} of {seated} confirmed"


def with_inviter(name: str, inviter: str) -> str:
    """Return `Pia (with Alice)`."""
    return f"{name} (with {inviter})"


POST_DELETED = "Somebody deleted the announcement in Discord. Put it back with the button, or cancel the game."
