import django.db.models.deletion
from django.db import migrations, models


def called_server(model: str, related_name: str) -> migrations.AlterField:
    """Call a table's guild what people call it; no column changes."""
    field = models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to="guilds.guild",
        verbose_name="server",
    )
    return migrations.AlterField(model_name=model, name="guild", field=field)


class Migration(migrations.Migration):
    dependencies = [
        ("guilds", "0017_channel_tags"),
    ]

    operations = [
        migrations.AddField(
            model_name="guild",
            name="icon_colour",
            field=models.CharField(blank=True, help_text="What its icon shows most of, as #rrggbb.", max_length=7),
        ),
        migrations.AddField(
            model_name="guild",
            name="coloured_icon",
            field=models.CharField(blank=True, help_text="The icon that the colour is of.", max_length=64),
        ),
        called_server("channel", "channels"),
        called_server("role", "roles"),
        called_server("member", "members"),
    ]
