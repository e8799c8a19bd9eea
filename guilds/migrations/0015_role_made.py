"""Notify `access_changed` for a role that is new here, too: its holders may see more, or by its denials less."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER guilds_role_made AFTER INSERT ON guilds_role FOR EACH ROW
    EXECUTE FUNCTION guilds_access_changed('guild', 'guild_id');
"""
BACKWARD = "DROP TRIGGER guilds_role_made ON guilds_role;"


class Migration(migrations.Migration):
    dependencies = [("guilds", "0014_member_read_at")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
