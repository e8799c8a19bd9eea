"""Wording of the notifications about seats."""

from datetime import datetime

from games.core.wording import quote, timestamp


def your_guest_left(guest: str) -> str:
    """Return what became of the guest of a person who left."""
    return f"Your guest {guest} is out too."


def their_guest_left(guest: str) -> str:
    return f"Their guest {guest} is out too."


def promoted(title: str, guild: str, starts_at: datetime, url: str, instructions: str) -> str:
    more = f"\n{instructions}" if instructions else ""
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    return f"🎉 A seat is yours: {about}. Can't make it? Leave on its page.{more}\n{url}"


def demoted(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"You're on the wait list of **{title}** in {guild}, {timestamp(starts_at)}. It has fewer seats now, "
        f"or the host gave yours to someone else. You're ahead of everyone who joined after you.\n{url}"
    )


def moved_to_wait_list(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"The host of **{title}** in {guild}, {timestamp(starts_at)}, moved you to the wait list. "
        f"You won't move up automatically; press Join to get in line for a seat.\n{url}"
    )


def displaced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"You lost your seat in **{title}** in {guild}, {timestamp(starts_at)}. Other roles come first, "
        f"or the host gave it to someone else. You're on the wait list and move up automatically.\n{url}"
    )


def confirmed(title: str, guild: str, starts_at: datetime, url: str, place: str, instructions: str) -> str:
    more = f"\n{instructions}" if instructions else ""
    return f"✅ You're signed up for **{title}** in {guild}, {timestamp(starts_at)}: {place}.{more}\n{url}"


def lost_seat(
    title: str, guild: str, starts_at: datetime, url: str, who: str, left: bool, hidden: bool, guest: str
) -> str:
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    too = f" {their_guest_left(guest)}" if guest else ""
    if hidden:
        return f"{who} can no longer see the channel of {about}, so their seat is free.{too}\n{url}"
    if left:
        return f"{who} left the server, so their seat in {about}, is free.{too}\n{url}"
    return f"{who} no longer has the role to play {about}, so their seat is free.{too}\n{url}"


def lost_access(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message to players from whom the game's channel is hidden; `url` is the server's page."""
    return (
        f"You can no longer see the channel of **{title}** in {guild}, {timestamp(starts_at)}, "
        f"so you lost your place. Ask a server manager for access.\n{url}"
    )


def lost_role(title: str, guild: str, starts_at: datetime, url: str, guest: str) -> str:
    """Return the message to a player who no longer has a role that may play."""
    too = f" {your_guest_left(guest)}" if guest else ""
    return (
        f"You no longer have the role to play **{title}** in {guild}, {timestamp(starts_at)}, so you lost your place. "
        f"Once you have the role again, join on its page.{too}\n{url}"
    )


def added(title: str, guild: str, starts_at: datetime, url: str, by: str, seated: bool, instructions: str) -> str:
    where = "You have a seat." if seated else "It's full, so you're on the wait list."
    more = f"\n{instructions}" if instructions else ""
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    if by:
        return f"📋 {by} added you to {about}. {where} Can't make it? Leave on its page.{more}\n{url}"
    return f"📋 You were added to {about}. {where} Can't make it? Leave on its page.{more}\n{url}"


def removed(title: str, guild: str, starts_at: datetime, url: str, by: str, reason: str, guest: str) -> str:
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    too = f" {your_guest_left(guest)}" if guest else ""
    why = f"\n{quote(reason)}" if reason else ""
    if by:
        return f"{by} removed you from {about}.{too}{why}\n{url}"
    return f"You were removed from {about}.{too}{why}\n{url}"
