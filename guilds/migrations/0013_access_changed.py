"""Notify `access_changed` when a session ends, or when somebody may see more or less than before.

The payload says whose open pages are to be checked: "session.<md5 of the key>", "user.<id>" or "guild.<id>".
"""

from django.db import migrations

# For each row, and only where it matters: members and channels are written down again and again.
FORWARD = """
CREATE FUNCTION guilds_session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('access_changed', 'session.' || md5(OLD.session_key));
    RETURN NULL;
END $$;

CREATE FUNCTION guilds_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The kind of group, and the column with its id.
    PERFORM pg_notify('access_changed', TG_ARGV[0] || '.' || (to_jsonb(NEW) ->> TG_ARGV[1]));
    RETURN NULL;
END $$;

CREATE TRIGGER guilds_session_deleted AFTER DELETE ON django_session FOR EACH ROW
    WHEN (OLD.expire_date > now()) EXECUTE FUNCTION guilds_session_ended();
CREATE TRIGGER guilds_user_access AFTER UPDATE ON guilds_user FOR EACH ROW
    WHEN ((OLD.is_active, OLD.password) IS DISTINCT FROM (NEW.is_active, NEW.password))
    EXECUTE FUNCTION guilds_access_changed('user', 'id');
CREATE TRIGGER guilds_member_joined AFTER INSERT ON guilds_member FOR EACH ROW
    EXECUTE FUNCTION guilds_access_changed('user', 'user_id');
CREATE TRIGGER guilds_member_access AFTER UPDATE ON guilds_member FOR EACH ROW
    WHEN ((OLD.left_at, OLD.role_ids) IS DISTINCT FROM (NEW.left_at, NEW.role_ids))
    EXECUTE FUNCTION guilds_access_changed('user', 'user_id');
CREATE TRIGGER guilds_channel_made AFTER INSERT ON guilds_channel FOR EACH ROW
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
CREATE TRIGGER guilds_channel_access AFTER UPDATE ON guilds_channel FOR EACH ROW
    WHEN ((OLD.overwrites, OLD.parent_id) IS DISTINCT FROM (NEW.overwrites, NEW.parent_id))
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
CREATE TRIGGER guilds_role_access AFTER UPDATE ON guilds_role FOR EACH ROW
    WHEN ((OLD.permissions, OLD.deleted_at) IS DISTINCT FROM (NEW.permissions, NEW.deleted_at))
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
CREATE TRIGGER guilds_guild_access AFTER UPDATE ON guilds_guild FOR EACH ROW
    WHEN ((OLD.owner_id, OLD.bot_removed_at) IS DISTINCT FROM (NEW.owner_id, NEW.bot_removed_at))
    EXECUTE FUNCTION guilds_access_changed('guild', 'id');
"""

BACKWARD = """
DROP FUNCTION guilds_session_ended() CASCADE;
DROP FUNCTION guilds_access_changed() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("guilds", "0012_trim_profiles"), ("sessions", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
