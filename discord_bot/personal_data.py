"""What the bot keeps of people."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_noop

from discord_bot.models import Interaction
from discord_bot.scheduled_tasks import KEPT_FOR
from guilds.forgetting import containing
from guilds.personal_data import PersonalData, register, rows_by
from guilds.signals import person_forgotten


def forget_interactions(user_id: int, names: Collection[str], **kwargs: Any) -> None:
    """Receive `guilds.signals.person_forgotten`: the answers to others lose what names the person."""
    Interaction.objects.filter(person_id=user_id).delete()
    Interaction.objects.filter(containing("detail", names)).update(detail="")


person_forgotten.connect(forget_interactions)
register(
    PersonalData(
        Interaction,
        what=gettext_noop("Each button you pressed and command you gave in Discord, our answer, and how fast"),
        why=gettext_noop("To help you when something goes wrong, and to check that we answer in time."),
        kept=gettext_noop("%(days)d days."),
        values={"days": KEPT_FOR.days},
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(Interaction, "person_id"),
    ),
)
