"""What Discord shows of the commands in each reader's language. Names that people type stay as they are."""

from discord import Locale, app_commands
from django.utils import translation
from django.utils.translation import gettext

DESCRIPTIONS = {
    app_commands.TranslationContextLocation.command_description,
    app_commands.TranslationContextLocation.group_description,
    app_commands.TranslationContextLocation.parameter_description,
}
DESCRIPTION_MAX, MENU_NAME_MAX = 100, 32  # characters, Discord's limits


class CommandTranslator(app_commands.Translator):
    """Translates descriptions, and the names of menu entries, which nobody types."""

    async def translate(
        self, string: app_commands.locale_str, locale: Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return a text in one of Discord's languages; None where it stays as it is."""
        if context.location in DESCRIPTIONS:
            most = DESCRIPTION_MAX
        elif isinstance(context.data, app_commands.ContextMenu):
            most = MENU_NAME_MAX
        else:
            return None
        try:
            language = translation.get_supported_language_variant(locale.value.lower())
        except LookupError:
            return None
        with translation.override(language):
            text = gettext(string.message)
        return None if text == string.message or len(text) > most else text
