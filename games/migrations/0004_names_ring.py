"""Ring `game_changed` too when what a game's page shows by name is called otherwise: people, channels, servers."""

from django.db import migrations

# For each row, and only where something shown changed: the bot writes a guild's channels down whole at every event.
FORWARD = """
CREATE FUNCTION games_ring(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', id, guild_id, revision)) FROM games_game
    WHERE id = ANY(ids) AND cancelled_at IS NULL AND ends_at > now();
END $$;

CREATE FUNCTION games_of(person bigint) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array(
        SELECT game_id FROM games_signup WHERE user_id = person AND left_at IS NULL
        UNION SELECT id FROM games_game WHERE host_id = person
    )
$$;

CREATE FUNCTION games_ring_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM games_ring(games_of(NEW.user_id));
    RETURN NULL;
END $$;

CREATE FUNCTION games_ring_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM games_ring(games_of(NEW.id));
    RETURN NULL;
END $$;

CREATE FUNCTION games_ring_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM games_ring(array(SELECT id FROM games_game WHERE channel_id = NEW.id));
    RETURN NULL;
END $$;

CREATE FUNCTION games_ring_guild() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM games_ring(array(SELECT id FROM games_game WHERE guild_id = NEW.id));
    RETURN NULL;
END $$;

CREATE TRIGGER games_member_renamed AFTER UPDATE ON guilds_member FOR EACH ROW
    WHEN ((OLD.nick, OLD.avatar, OLD.left_at) IS DISTINCT FROM (NEW.nick, NEW.avatar, NEW.left_at))
    EXECUTE FUNCTION games_ring_member();
CREATE TRIGGER games_user_renamed AFTER UPDATE ON guilds_user FOR EACH ROW
    WHEN ((OLD.handle, OLD.global_name, OLD.avatar) IS DISTINCT FROM (NEW.handle, NEW.global_name, NEW.avatar))
    EXECUTE FUNCTION games_ring_user();
CREATE TRIGGER games_channel_renamed AFTER UPDATE ON guilds_channel FOR EACH ROW
    WHEN ((OLD.name, OLD.gone_at) IS DISTINCT FROM (NEW.name, NEW.gone_at))
    EXECUTE FUNCTION games_ring_channel();
CREATE TRIGGER games_guild_renamed AFTER UPDATE ON guilds_guild FOR EACH ROW
    WHEN ((OLD.name, OLD.unavailable, OLD.gone_at) IS DISTINCT FROM (NEW.name, NEW.unavailable, NEW.gone_at))
    EXECUTE FUNCTION games_ring_guild();
"""

BACKWARD = """
DROP FUNCTION games_ring_member() CASCADE;
DROP FUNCTION games_ring_user() CASCADE;
DROP FUNCTION games_ring_channel() CASCADE;
DROP FUNCTION games_ring_guild() CASCADE;
DROP FUNCTION games_of(bigint);
DROP FUNCTION games_ring(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0003_post_checks"), ("guilds", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
