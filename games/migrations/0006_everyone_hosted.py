"""In guilds from before there were host roles any member could schedule; so it stays until somebody decides."""

from typing import Any

from django.db import migrations


def keep(apps: Any, schema_editor: Any) -> None:
    defaults = apps.get_model("games", "GuildDefaults")
    for guild in apps.get_model("guilds", "Guild").objects.all():
        # The role with the guild's own id is @everyone.
        defaults.objects.get_or_create(guild=guild, defaults={"host_role_ids": [guild.pk]})


class Migration(migrations.Migration):
    dependencies = [("games", "0005_levels"), ("guilds", "0002_block")]
    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
