"""What the ledger keeps of people."""

from django.conf import settings
from django.utils.translation import gettext_noop

from guilds.personal_data import PersonalData, register, rows_by
from notifications.models import Delivery, Notification, Pause, Preference, PushSubscription

_KEPT = gettext_noop("%(days)d days after we sent it or gave up.")
_DAYS = {"days": settings.NOTIFY_KEPT.days}

register(
    PersonalData(
        Notification,
        what=gettext_noop("What we tell you and when: reminders, news of your seat, messages from hosts"),
        why=gettext_noop("To tell you on time and once, and to show hosts what arrived."),
        kept=_KEPT,
        values=_DAYS,
        forgotten=gettext_noop("Deleted and not sent. We also delete what you wrote to players."),
        rows=rows_by(Notification, "recipient"),
        withheld={
            "payload": gettext_noop("may name others; what reached you is in your direct messages"),
            "dedupe_key": gettext_noop("tells rows apart"),
        },
    ),
    PersonalData(
        Delivery,
        what=gettext_noop("Which messages we sent you, when, and whether they arrived"),
        why=gettext_noop("To send each once, to try again, and to show hosts who missed it."),
        kept=_KEPT,
        values=_DAYS,
        forgotten=gettext_noop("Deleted. Sent messages stay in Discord."),
        rows=rows_by(Delivery, "recipient"),
        withheld={"nonce": gettext_noop("makes sending twice harmless")},
        also=("notification__kind", "notification__game_id"),
    ),
    PersonalData(
        Preference,
        what=gettext_noop("Your notifications in each server: how, your extra reminder and quiet hours"),
        why=gettext_noop("You chose so."),
        kept=gettext_noop("As your account, or the server."),
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(Preference, "user"),
        also=("guild__name",),
    ),
    PersonalData(
        PushSubscription,
        what=gettext_noop("The devices you have us notify: their browser, and where we reach them"),
        why=gettext_noop("You chose so. The browser's maker passes our messages on, and can't read them."),
        kept=gettext_noop("Until you remove a device, or its browser stops taking them."),
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(PushSubscription, "user"),
        withheld={
            "endpoint": gettext_noop("a secret address: it names your device to the browser's maker"),
            "p256dh": gettext_noop("a key, which only your browser needs"),
            "auth": gettext_noop("a secret, which only your browser needs"),
        },
    ),
    PersonalData(
        Pause,
        what=gettext_noop("Which operator resumed sending after a pause, by id"),
        why=gettext_noop("To find out who did."),
        kept=gettext_noop("%(days)d days."),
        values=_DAYS,
        forgotten=gettext_noop("The id is deleted."),
        rows=lambda user: Pause.objects.filter(resumed_by=user.username),
    ),
)
