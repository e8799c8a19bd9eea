"""Notify `game_changed` for the channel that a game leaves, too, and `access_changed` when other roles manage."""

from django.db import migrations

# The fourth word: who may see only that channel sees the game no more, and hears of it this once.
FORWARD = """
CREATE FUNCTION games_ring_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', NEW.id, NEW.guild_id, NEW.post_version, OLD.channel_id));
    RETURN NULL;
END $$;

CREATE TRIGGER games_game_moved AFTER UPDATE ON games_game FOR EACH ROW
    WHEN (OLD.channel_id IS DISTINCT FROM NEW.channel_id) EXECUTE FUNCTION games_ring_moved();
CREATE TRIGGER games_managers_changed AFTER UPDATE ON games_guilddefaults FOR EACH ROW
    WHEN (OLD.manager_role_ids IS DISTINCT FROM NEW.manager_role_ids)
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
"""

BACKWARD = """
DROP TRIGGER games_managers_changed ON games_guilddefaults;
DROP FUNCTION games_ring_moved() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0020_handover_and_invitations"), ("guilds", "0013_access_changed")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
