"""Notify `notification_due` only of what is due before notifyd wakes by itself."""

from django.db import migrations, models

# A commit with a NOTIFY holds a lock of the whole server until it is synced to disk, so such commits go one by one.
# `timer_at` is read anew by each statement of a function; how notifyd sets it, and misses nothing that was being
# written meanwhile, is in `notifications.daemon.timer`. Without it, as before: all that is due within a minute.
FORWARD = """
CREATE OR REPLACE FUNCTION notifications_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        WHERE closed_at IS NULL AND leased_until IS NULL AND due_at < clock_timestamp() + interval '60 seconds'
            AND NOT EXISTS (
                SELECT FROM notifications_heartbeat WHERE name = 'notifyd' AND timer_at <= changed.due_at
            )
    ) THEN
        PERFORM pg_notify('notification_due', '');
    END IF;
    RETURN NULL;
END $$;
"""

BACKWARD = """
CREATE OR REPLACE FUNCTION notifications_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        WHERE closed_at IS NULL AND leased_until IS NULL AND due_at < clock_timestamp() + interval '60 seconds'
    ) THEN
        PERFORM pg_notify('notification_due', '');
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0011_leased_index")]
    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="timer_at",
            field=models.DateTimeField(
                blank=True, help_text="notifyd wakes then by itself, so what is due later wakes it not.", null=True
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
