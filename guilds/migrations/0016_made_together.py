"""Notify once a guild of the channels and roles that one statement made: a bot that connects makes thousands."""

from django.db import migrations

FORWARD = """
DROP TRIGGER guilds_channel_made ON guilds_channel;
DROP TRIGGER guilds_role_made ON guilds_role;
CREATE FUNCTION guilds_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('access_changed', 'guild.' || guild_id) FROM (SELECT DISTINCT guild_id FROM made) guilds;
    RETURN NULL;
END $$;
CREATE TRIGGER guilds_channel_made AFTER INSERT ON guilds_channel
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION guilds_made();
CREATE TRIGGER guilds_role_made AFTER INSERT ON guilds_role
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION guilds_made();
"""
BACKWARD = """
DROP FUNCTION guilds_made() CASCADE;
CREATE TRIGGER guilds_channel_made AFTER INSERT ON guilds_channel FOR EACH ROW
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
CREATE TRIGGER guilds_role_made AFTER INSERT ON guilds_role FOR EACH ROW
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
"""


class Migration(migrations.Migration):
    dependencies = [("guilds", "0015_role_made")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
