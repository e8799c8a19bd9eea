"""Ring for each row that is due soon, so that the others cost a comparison, and no table of what changed."""

from django.db import migrations

CONDITION = """
    NEW.closed_at IS NULL AND NEW.leased_until IS NULL AND NEW.due_at < clock_timestamp() + interval '60 seconds'
"""
# PostgreSQL sends a transaction's equal notifications once.
FORWARD = f"""
DROP TRIGGER notifications_inserted ON notifications_notification;
DROP TRIGGER notifications_updated ON notifications_notification;
CREATE OR REPLACE FUNCTION notifications_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM notifications_heartbeat WHERE name = 'notifyd' AND timer_at <= NEW.due_at) THEN
        PERFORM pg_notify('notification_due', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_due_soon AFTER INSERT OR UPDATE ON notifications_notification
    FOR EACH ROW WHEN ({CONDITION}) EXECUTE FUNCTION notifications_ring();
"""

BACKWARD = """
DROP TRIGGER notifications_due_soon ON notifications_notification;
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
CREATE TRIGGER notifications_inserted AFTER INSERT ON notifications_notification
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notifications_ring();
CREATE TRIGGER notifications_updated AFTER UPDATE ON notifications_notification
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notifications_ring();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0012_timer")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
