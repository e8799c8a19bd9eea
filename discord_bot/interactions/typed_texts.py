"""What somebody typed, given back with a refusal: Discord shows no form again."""

from django.utils.translation import gettext

from games.core.escaping import escape_markdown
from games.signups.wording import you_typed
from guilds.names import is_visible, without_unstorable

MAX_CONTENT = 2000  # characters of a message, Discord's limit


def with_typed(sentence: str, *texts: str) -> str:
    """Add to a refusal what somebody typed."""
    typed = (" ".join(without_unstorable(text).split()) for text in texts)
    shown = you_typed(" · ".join(filter(is_visible, typed)))
    sentence = gettext(sentence)
    return sentence + escape_markdown(shown, MAX_CONTENT - len(sentence))
