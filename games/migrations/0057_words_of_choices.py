"""Choices of settings lose their words here: they are no part of the schema."""

from django.db import migrations, models

from gamesched.lib.migrations import at_once


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0056_agenda_and_publishing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="channeldefaults",
            name="discord_changes",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="if_deleted",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="method",
            field=models.CharField(blank=True, max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="post_picture",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="reminder_place",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="thread",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="voice_channel",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="discord_changes",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="if_deleted",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="method",
            field=models.CharField(blank=True, max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="post_picture",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="reminder_place",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="thread",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="game",
            name="voice_channel",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="discord_changes",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="if_deleted",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="method",
            field=models.CharField(blank=True, max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="post_picture",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="reminder_place",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="thread",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="voice_channel",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="discord_changes",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="if_deleted",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="method",
            field=models.CharField(blank=True, max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="post_picture",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="reminder_place",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="thread",
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="voice_channel",
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
    ]
    operations = at_once(operations)
