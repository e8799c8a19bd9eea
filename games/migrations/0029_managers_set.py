"""Notify `access_changed` when roles manage a guild from its first settings on, not only when they change."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER games_managers_set AFTER INSERT ON games_guilddefaults FOR EACH ROW
    WHEN (NEW.manager_role_ids <> '{}') EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
"""
BACKWARD = "DROP TRIGGER games_managers_set ON games_guilddefaults;"


class Migration(migrations.Migration):
    dependencies = [("games", "0028_watched_groups"), ("guilds", "0013_access_changed")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
