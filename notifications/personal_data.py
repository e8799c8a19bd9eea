"""What the ledger keeps of people."""

from django.conf import settings

from guilds.personal_data import PersonalData, register, rows_by
from notifications.models import Delivery, Notification, Pause, Preference

_KEPT = f"{settings.NOTIFY_KEPT.days} days after it was sent or given up."

register(
    PersonalData(
        Notification,
        what="What is to be said when: reminders, news of your seat, what a host wrote to the players",
        why="To say it in time and once, and to show hosts what reached whom.",
        kept=_KEPT,
        forgotten="What waited for you is deleted and not sent, and what you wrote to players is deleted.",
        rows=rows_by(Notification, "recipient"),
        withheld={
            "payload": "may name others; what reached you is in your direct messages with the bot",
            "dedupe_key": "tells rows apart",
        },
    ),
    PersonalData(
        Delivery,
        what="Which messages you were sent, when, and whether they arrived",
        why="To send each once, to try again, and to show hosts whom it did not reach.",
        kept=_KEPT,
        forgotten="Deleted. What was sent stays in Discord, where you find it.",
        rows=rows_by(Delivery, "recipient"),
        withheld={"nonce": "makes sending twice harmless"},
        also=("notification__kind", "notification__game_id"),
    ),
    PersonalData(
        Preference,
        what="How you want to be told in each server, your extra reminder and quiet hours",
        why="You chose so.",
        kept="As your account, or the server.",
        forgotten="Deleted.",
        rows=rows_by(Preference, "user"),
        also=("guild__name",),
    ),
    PersonalData(
        Pause,
        what="Which operator let sending go on after a pause, by id",
        why="To find out who did.",
        kept=f"{settings.NOTIFY_KEPT.days} days.",
        forgotten="The id goes.",
        rows=lambda user: Pause.objects.filter(resumed_by=user.username),
    ),
)
