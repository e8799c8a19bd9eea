"""Wording of the notifications about seats."""

from datetime import datetime

from django.utils.translation import gettext as _

from games.core.named_places import game_places
from games.core.wording import quote


def your_guest_left(guest: str) -> str:
    """Return what became of the guest of a person who left."""
    return _("Your guest %(guest)s is out too.") % {"guest": guest}


def their_guest_left(guest: str) -> str:
    return _("Their guest %(guest)s is out too.") % {"guest": guest}


def promoted(title: str, guild: str, starts_at: datetime, url: str, instructions: str) -> str:
    text = _("🎉 A seat is yours: **%(title)s** in %(guild)s, %(when)s. Can't make it? Leave on its page.")
    return text % game_places(title, guild, starts_at) + _more(instructions) + f"\n{url}"


def demoted(title: str, guild: str, starts_at: datetime, url: str) -> str:
    text = _(
        "You're on the wait list of **%(title)s** in %(guild)s, %(when)s. It has fewer seats now, "
        "or the host gave yours to someone else. You're ahead of everyone who joined after you."
    )
    return text % game_places(title, guild, starts_at) + f"\n{url}"


def moved_to_wait_list(title: str, guild: str, starts_at: datetime, url: str) -> str:
    text = _(
        "The host of **%(title)s** in %(guild)s, %(when)s, moved you to the wait list. "
        "You won't move up automatically; press Join to get in line for a seat."
    )
    return text % game_places(title, guild, starts_at) + f"\n{url}"


def displaced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    text = _(
        "You lost your seat in **%(title)s** in %(guild)s, %(when)s. Other roles come first, "
        "or the host gave it to someone else. You're on the wait list and move up automatically."
    )
    return text % game_places(title, guild, starts_at) + f"\n{url}"


def confirmed(title: str, guild: str, starts_at: datetime, url: str, place: str, instructions: str) -> str:
    text = _("✅ You're signed up for **%(title)s** in %(guild)s, %(when)s: %(place)s.")
    return text % game_places(title, guild, starts_at, place=place) + _more(instructions) + f"\n{url}"


def lost_seat(
    title: str, guild: str, starts_at: datetime, url: str, who: str, left: bool, hidden: bool, guest: str
) -> str:
    if hidden:
        text = _(
            "%(who)s can no longer see the channel of **%(title)s** in %(guild)s, %(when)s, so their seat is free."
        )
    elif left:
        text = _("%(who)s left the server, so their seat in **%(title)s** in %(guild)s, %(when)s, is free.")
    else:
        text = _("%(who)s no longer has the role to play **%(title)s** in %(guild)s, %(when)s, so their seat is free.")
    too = f" {their_guest_left(guest)}" if guest else ""
    return text % game_places(title, guild, starts_at, who=who) + f"{too}\n{url}"


def lost_access(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message to players from whom the game's channel is hidden; `url` is the server's page."""
    text = _(
        "You can no longer see the channel of **%(title)s** in %(guild)s, %(when)s, "
        "so you lost your place. Ask a server manager for access."
    )
    return text % game_places(title, guild, starts_at) + f"\n{url}"


def lost_role(title: str, guild: str, starts_at: datetime, url: str, guest: str) -> str:
    """Return the message to a player who no longer has a role that may play."""
    text = _(
        "You no longer have the role to play **%(title)s** in %(guild)s, %(when)s, so you lost your place. "
        "Once you have the role again, join on its page."
    )
    too = f" {your_guest_left(guest)}" if guest else ""
    return text % game_places(title, guild, starts_at) + f"{too}\n{url}"


def added(title: str, guild: str, starts_at: datetime, url: str, by: str, seated: bool, instructions: str) -> str:
    text = (
        _("📋 %(by)s added you to **%(title)s** in %(guild)s, %(when)s.")
        if by
        else _("📋 You were added to **%(title)s** in %(guild)s, %(when)s.")
    )
    where = _("You have a seat.") if seated else _("It's full, so you're on the wait list.")
    places = game_places(title, guild, starts_at, by=by)
    return text % places + f" {where} " + _("Can't make it? Leave on its page.") + _more(instructions) + f"\n{url}"


def removed(title: str, guild: str, starts_at: datetime, url: str, by: str, reason: str, guest: str) -> str:
    text = (
        _("%(by)s removed you from **%(title)s** in %(guild)s, %(when)s.")
        if by
        else _("You were removed from **%(title)s** in %(guild)s, %(when)s.")
    )
    too = f" {your_guest_left(guest)}" if guest else ""
    why = f"\n{quote(reason)}" if reason else ""
    return text % game_places(title, guild, starts_at, by=by) + f"{too}{why}\n{url}"


def _more(instructions: str) -> str:
    return f"\n{instructions}" if instructions else ""
