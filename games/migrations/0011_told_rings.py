"""Ring `game_changed` when all of a notice is settled, for those whose page says who was told."""

from django.db import migrations

# Not for each letter of two hundred: notes take a lock at commit, and every page would look as often.
FORWARD = """
CREATE FUNCTION games_ring_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.revision))
    FROM games_game g JOIN notifications_notification n ON n.game_id = g.id
    WHERE n.id IN (SELECT notification_id FROM changed WHERE status <> 'pending')
        AND NOT EXISTS (
            SELECT FROM notifications_delivery d WHERE d.notification_id = n.id AND d.status = 'pending'
        );
    RETURN NULL;
END $$;

CREATE TRIGGER notifications_delivery_updated AFTER UPDATE ON notifications_delivery
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION games_ring_told();
"""

BACKWARD = "DROP FUNCTION games_ring_told() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("games", "0010_follow"), ("notifications", "0004_preferences")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
