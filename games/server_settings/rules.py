"""Pure rules about templates, and how long the data of a server without the bot is kept."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from games.core.rules import DESCRIPTION_MAX
from games.core.text_rules import has_control_characters, is_visible, tidy_lines
from guilds.names import tidy_line

TEMPLATE_NAME_MAX = 80  # characters


KEPT_AFTER_LEAVING = timedelta(days=30)  # how long a server's data waits for the bot to be invited again


def tidy_texts(name: str, description: str) -> tuple[str, str]:
    """Return a template's name and description in the form in which they are stored."""
    return tidy_line(name), tidy_lines(description)


def check_texts(name: str, description: str, others: Iterable[str]) -> dict[str, str]:
    """Return the problem with each of a template's tidied texts, as a sentence. `others`: the names in use."""
    wrong = {}
    if not is_visible(name):
        wrong["name"] = _("Name the template.")
    elif len(name) > TEMPLATE_NAME_MAX:
        wrong["name"] = _("The name has %(length)s characters. Shorten it to %(most)s.") % {
            "length": len(name),
            "most": TEMPLATE_NAME_MAX,
        }
    elif has_control_characters(name):
        wrong["name"] = _("We can't show a character in the name. Type it again without.")
    elif name.casefold() in {other.casefold() for other in others}:
        wrong["name"] = _("Another template has this name. Choose another.")
    if len(description) > DESCRIPTION_MAX:
        wrong["description"] = _("The description has %(length)s characters. Shorten it to %(most)s.") % {
            "length": number_format(len(description), force_grouping=True),
            "most": number_format(DESCRIPTION_MAX, force_grouping=True),
        }
    elif has_control_characters(description.replace("\n", "").replace("\t", "")):
        wrong["description"] = _("We can't show a character in the description. Type it again without.")
    return wrong
