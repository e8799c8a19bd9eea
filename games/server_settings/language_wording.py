"""All wording about a server's language."""

from django.utils.translation import gettext_noop

LABEL = gettext_noop("Language")
HELP = gettext_noop("Announcements, threads and all else that the bot writes in channels is in it.")
AS_IN_DISCORD = gettext_noop("As in Discord")
UNKNOWN_LANGUAGE = gettext_noop("We don't speak that language. Choose one from the list.")
