"""Wording of the notifications about seats."""

from datetime import datetime

from games.core.wording import quote, timestamp


def your_guest_left(guest: str) -> str:
    """Return what became of the guest of a person who left."""
    return f"{guest}, whom you brought, is out too."


def their_guest_left(guest: str) -> str:
    return f"{guest}, whom they brought, is out too."


def promoted(title: str, guild: str, starts_at: datetime, url: str, instructions: str) -> str:
    more = f"\n{instructions}" if instructions else ""
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    return f"🎉 A seat is yours: {about}. Can't make it? Leave on its page.{more}\n{url}"


def demoted(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"**{title}** in {guild}, {timestamp(starts_at)}, now has fewer seats, or its host gave yours to somebody "
        f"else, so you are on the wait list, ahead of everyone who joined after you.\n{url}"
    )


def moved_to_wait_list(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"**{title}** in {guild}, {timestamp(starts_at)}: its host put you on the wait list. "
        f"You get no seat by itself; Join again to be in line for one.\n{url}"
    )


def displaced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"**{title}** in {guild}, {timestamp(starts_at)}, has no seat for you any more: other roles come first, or its "
        f"host gave yours to somebody else. You are on the wait list, and move up by itself.\n{url}"
    )


def confirmed(title: str, guild: str, starts_at: datetime, url: str, place: str, instructions: str) -> str:
    more = f"\n{instructions}" if instructions else ""
    return f"✅ You signed up for **{title}** in {guild}, {timestamp(starts_at)}: {place}.{more}\n{url}"


def lost_seat(
    title: str, guild: str, starts_at: datetime, url: str, who: str, left: bool, hidden: bool, guest: str
) -> str:
    why = "is no longer in the server" if left else "no longer has the role to play"
    if hidden:
        why = "may no longer see its channel in Discord"
    too = f" {their_guest_left(guest)}" if guest else ""
    return f"{who} {why}, so their seat in **{title}** in {guild}, {timestamp(starts_at)}, is free.{too}\n{url}"


def lost_access(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message to players from whom the game's channel is hidden; `url` is the server's page."""
    return (
        f"You can no longer see the channel of **{title}** in {guild}, {timestamp(starts_at)}, "
        f"so your place there is free for others. Ask those who manage the server.\n{url}"
    )


def lost_role(title: str, guild: str, starts_at: datetime, url: str, guest: str) -> str:
    """Return the message to a player who no longer has a role that may play."""
    too = f" {your_guest_left(guest)}" if guest else ""
    return (
        f"You no longer have the role to play **{title}** in {guild}, {timestamp(starts_at)}, so your place there is "
        f"free for others.{too} With the role again, you can join again on its page.\n{url}"
    )


def added(title: str, guild: str, starts_at: datetime, url: str, by: str, seated: bool, instructions: str) -> str:
    who = f"{by} added you" if by else "You were added"
    where = "You have a seat." if seated else "It is full, so you are on the wait list."
    more = f"\n{instructions}" if instructions else ""
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    return f"📋 {who} to {about}. {where} Can't make it? Leave on its page.{more}\n{url}"


def removed(title: str, guild: str, starts_at: datetime, url: str, by: str, reason: str, guest: str) -> str:
    who = f"{by} removed you" if by else "You were removed"
    why = f"\n{quote(reason)}" if reason else ""
    lost = f"You no longer have a place there.{f' {your_guest_left(guest)}' if guest else ''}"
    return f"{who} from **{title}** in {guild}, {timestamp(starts_at)}. {lost}{why}\n{url}"
