"""Pure rules about rewards."""

from django.utils.translation import gettext

from games.attendance import wording as attendance_wording
from games.core.text_rules import has_control_characters

REWARDS_MAX = 2000


def check_rewards(text: str) -> str:
    """Return the problem with a tidied text about rewards, or ''."""
    if len(text) > REWARDS_MAX:
        return attendance_wording.rewards_too_long(len(text), REWARDS_MAX)
    return (
        gettext(attendance_wording.REWARDS_BAD)
        if has_control_characters(text.replace("\n", "").replace("\t", ""))
        else ""
    )
