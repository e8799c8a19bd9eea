"""All wording of the commands in Discord that run a game."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

ONLY_IN_SERVER = gettext_noop("That works only in a server. Here, use /game mine.")
NO_POST = gettext_noop("That isn't a game's post. Use it on one.")
CHOOSE_GAME = gettext_noop("Choose the game from the list that opens.")
SIGN_UP_TITLE, WHO_LABEL = gettext_noop("Sign someone up"), gettext_noop("Who")
NO_DELIVERIES = gettext_noop("We haven't notified anyone yet.")
NO_BOTS = gettext_noop("Bots don't play. Choose someone else.")


def games_with(name: str) -> str:
    """Return the title of the upcoming games that somebody takes part in."""
    return _("Upcoming games with %(name)s") % {"name": name}


def no_games_with(name: str) -> str:
    return _("%(name)s is in no upcoming game that you can see.") % {"name": name}


def edit_on_web(title: str, url: str) -> str:
    text = _("Edit “%(title)s” here, or name what changes: title, when, seats, duration.")
    return text % {"title": title} + f"\n{url}"


def settings_links(settings_url: str, notifications_url: str) -> str:
    """Return where settings are; `settings_url` is '' for who does not manage the server."""
    own = _("Your notifications here: %(url)s") % {"url": notifications_url}
    return _("Settings of this server: %(url)s") % {"url": settings_url} + f"\n{own}" if settings_url else own


def notification_line(title: str, text: str, at: str) -> str:
    """Return one line of who was told what; `at` as Discord shows it."""
    return f"**{title}** {at}: {text}"


def recipient_line(name: str, text: str) -> str:
    return f"  {name}: {text}"
