import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("games", "0056_agenda_and_publishing"), ("guilds", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["guild", "-at"], name="audit_of_guild_and_games"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="guild",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="guilds.guild",
                verbose_name="server",
            ),
        ),
    ]
