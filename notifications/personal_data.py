"""What the ledger keeps of people."""

from django.conf import settings

from guilds.personal_data import PersonalData, register, rows_by
from notifications.models import Delivery, Notification, Pause, Preference, PushSubscription

_KEPT = f"{settings.NOTIFY_KEPT.days} days after we sent it or gave up."

register(
    PersonalData(
        Notification,
        what="What we tell you and when: reminders, news of your seat, messages from hosts",
        why="To tell you on time and once, and to show hosts what arrived.",
        kept=_KEPT,
        forgotten="Deleted and not sent. We also delete what you wrote to players.",
        rows=rows_by(Notification, "recipient"),
        withheld={
            "payload": "may name others; what reached you is in your direct messages",
            "dedupe_key": "tells rows apart",
        },
    ),
    PersonalData(
        Delivery,
        what="Which messages we sent you, when, and whether they arrived",
        why="To send each once, to try again, and to show hosts who missed it.",
        kept=_KEPT,
        forgotten="Deleted. Sent messages stay in Discord.",
        rows=rows_by(Delivery, "recipient"),
        withheld={"nonce": "makes sending twice harmless"},
        also=("notification__kind", "notification__game_id"),
    ),
    PersonalData(
        Preference,
        what="Your notifications in each server: how, your extra reminder and quiet hours",
        why="You chose so.",
        kept="As your account, or the server.",
        forgotten="Deleted.",
        rows=rows_by(Preference, "user"),
        also=("guild__name",),
    ),
    PersonalData(
        PushSubscription,
        what="The devices you have us notify: their browser, and where we reach them",
        why="You chose so. The browser's maker passes our messages on, and can't read them.",
        kept="Until you remove a device, or its browser stops taking them.",
        forgotten="Deleted.",
        rows=rows_by(PushSubscription, "user"),
        withheld={
            "endpoint": "a secret address: it names your device to the browser's maker",
            "p256dh": "a key, which only your browser needs",
            "auth": "a secret, which only your browser needs",
        },
    ),
    PersonalData(
        Pause,
        what="Which operator resumed sending after a pause, by id",
        why="To find out who did.",
        kept=f"{settings.NOTIFY_KEPT.days} days.",
        forgotten="The id is deleted.",
        rows=lambda user: Pause.objects.filter(resumed_by=user.username),
    ),
)
