"""Wording of the notifications about seats."""

from datetime import datetime

from django.utils.translation import gettext as _

from games.core.wording import quote, timestamp


def your_guest_left(guest: str) -> str:
    """Return what became of the guest of a person who left."""
    return _("Your guest %(guest)s is out too.") % {"guest": guest}


def their_guest_left(guest: str) -> str:
    return _("Their guest %(guest)s is out too.") % {"guest": guest}


def promoted(title: str, guild: str, starts_at: datetime, url: str, instructions: str) -> str:
    more = f"\n{instructions}" if instructions else ""
    about = _("**%(title)s** in %(guild)s, %(when)s") % {"title": title, "guild": guild, "when": timestamp(starts_at)}
    return (
        _("🎉 A seat is yours: %(about)s. Can't make it? Leave on its page.%(more)s") % {"about": about, "more": more}
        + f"\n{url}"
    )


def demoted(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        _(
            "You're on the wait list of **%(title)s** in %(guild)s, %(when)s. It has fewer seats now, or "
            "the host gave yours to someone else. You're ahead of everyone who joined after you."
        )
        % {"title": title, "guild": guild, "when": timestamp(starts_at)}
        + f"\n{url}"
    )


def moved_to_wait_list(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        _(
            "The host of **%(title)s** in %(guild)s, %(when)s, moved you to the wait list. You won't "
            "move up automatically; press Join to get in line for a seat."
        )
        % {"title": title, "guild": guild, "when": timestamp(starts_at)}
        + f"\n{url}"
    )


def displaced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        _(
            "You lost your seat in **%(title)s** in %(guild)s, %(when)s. Other roles come first, or the "
            "host gave it to someone else. You're on the wait list and move up automatically."
        )
        % {"title": title, "guild": guild, "when": timestamp(starts_at)}
        + f"\n{url}"
    )


def confirmed(title: str, guild: str, starts_at: datetime, url: str, place: str, instructions: str) -> str:
    more = f"\n{instructions}" if instructions else ""
    return (
        _("✅ You're signed up for **%(title)s** in %(guild)s, %(when)s: %(place)s.%(more)s")
        % {"title": title, "guild": guild, "when": timestamp(starts_at), "place": place, "more": more}
        + f"\n{url}"
    )


def lost_seat(
    title: str, guild: str, starts_at: datetime, url: str, who: str, left: bool, hidden: bool, guest: str
) -> str:
    about = _("**%(title)s** in %(guild)s, %(when)s") % {"title": title, "guild": guild, "when": timestamp(starts_at)}
    too = f" {their_guest_left(guest)}" if guest else ""
    if hidden:
        return (
            _("%(who)s can no longer see the channel of %(about)s, so their seat is free.%(too)s")
            % {"who": who, "about": about, "too": too}
            + f"\n{url}"
        )
    if left:
        return (
            _("%(who)s left the server, so their seat in %(about)s, is free.%(too)s")
            % {"who": who, "about": about, "too": too}
            + f"\n{url}"
        )
    return (
        _("%(who)s no longer has the role to play %(about)s, so their seat is free.%(too)s")
        % {"who": who, "about": about, "too": too}
        + f"\n{url}"
    )


def lost_access(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message to players from whom the game's channel is hidden; `url` is the server's page."""
    return (
        _(
            "You can no longer see the channel of **%(title)s** in %(guild)s, %(when)s, so you lost your "
            "place. Ask a server manager for access."
        )
        % {"title": title, "guild": guild, "when": timestamp(starts_at)}
        + f"\n{url}"
    )


def lost_role(title: str, guild: str, starts_at: datetime, url: str, guest: str) -> str:
    """Return the message to a player who no longer has a role that may play."""
    too = f" {your_guest_left(guest)}" if guest else ""
    return (
        _(
            "You no longer have the role to play **%(title)s** in %(guild)s, %(when)s, so you lost your "
            "place. Once you have the role again, join on its page.%(too)s"
        )
        % {"title": title, "guild": guild, "when": timestamp(starts_at), "too": too}
        + f"\n{url}"
    )


def added(title: str, guild: str, starts_at: datetime, url: str, by: str, seated: bool, instructions: str) -> str:
    where = _("You have a seat.") if seated else _("It's full, so you're on the wait list.")
    more = f"\n{instructions}" if instructions else ""
    about = _("**%(title)s** in %(guild)s, %(when)s") % {"title": title, "guild": guild, "when": timestamp(starts_at)}
    if by:
        return (
            _("📋 %(by)s added you to %(about)s. %(where)s Can't make it? Leave on its page.%(more)s")
            % {"by": by, "about": about, "where": where, "more": more}
            + f"\n{url}"
        )
    return (
        _("📋 You were added to %(about)s. %(where)s Can't make it? Leave on its page.%(more)s")
        % {"about": about, "where": where, "more": more}
        + f"\n{url}"
    )


def removed(title: str, guild: str, starts_at: datetime, url: str, by: str, reason: str, guest: str) -> str:
    about = _("**%(title)s** in %(guild)s, %(when)s") % {"title": title, "guild": guild, "when": timestamp(starts_at)}
    too = f" {your_guest_left(guest)}" if guest else ""
    why = f"\n{quote(reason)}" if reason else ""
    if by:
        return (
            _("%(by)s removed you from %(about)s.%(too)s%(why)s") % {"by": by, "about": about, "too": too, "why": why}
            + f"\n{url}"
        )
    return _("You were removed from %(about)s.%(too)s%(why)s") % {"about": about, "too": too, "why": why} + f"\n{url}"
