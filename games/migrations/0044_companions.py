"""What the bot keeps in Discord for a game besides its post, and the settings that switch it on."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0042_post_form"),
    ]

    operations = [
        migrations.AddField(
            model_name="channeldefaults",
            name="discord_changes",
            field=models.CharField(
                blank=True,
                choices=[("put_back", "put it back"), ("take_over", "take it over")],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="player_role",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="publish",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="server_event",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="thread",
            field=models.CharField(
                blank=True,
                choices=[("never", "no thread"), ("post", "with the post"), ("start", "when the game starts")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="voice_channel",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_channel", "no voice channel"),
                    ("everyone", "for everyone who sees the game"),
                    ("players", "for its players"),
                ],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="discord_changes",
            field=models.CharField(
                blank=True,
                choices=[("put_back", "put it back"), ("take_over", "take it over")],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="player_role",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="game",
            name="publish",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="game",
            name="server_event",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="game",
            name="thread",
            field=models.CharField(
                blank=True,
                choices=[("never", "no thread"), ("post", "with the post"), ("start", "when the game starts")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="voice_channel",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_channel", "no voice channel"),
                    ("everyone", "for everyone who sees the game"),
                    ("players", "for its players"),
                ],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="discord_changes",
            field=models.CharField(
                blank=True,
                choices=[("put_back", "put it back"), ("take_over", "take it over")],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="player_role",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="publish",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="server_event",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="thread",
            field=models.CharField(
                blank=True,
                choices=[("never", "no thread"), ("post", "with the post"), ("start", "when the game starts")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="voice_channel",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_channel", "no voice channel"),
                    ("everyone", "for everyone who sees the game"),
                    ("players", "for its players"),
                ],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="discord_changes",
            field=models.CharField(
                blank=True,
                choices=[("put_back", "put it back"), ("take_over", "take it over")],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="player_role",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="publish",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="server_event",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="thread",
            field=models.CharField(
                blank=True,
                choices=[("never", "no thread"), ("post", "with the post"), ("start", "when the game starts")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="voice_channel",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_channel", "no voice channel"),
                    ("everyone", "for everyone who sees the game"),
                    ("players", "for its players"),
                ],
                max_length=12,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[
                    ("dm", "by direct message"),
                    ("channel", "by mentions in the channel"),
                    ("thread", "by mentions in the game's thread"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="game",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[
                    ("dm", "by direct message"),
                    ("channel", "by mentions in the channel"),
                    ("thread", "by mentions in the game's thread"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[
                    ("dm", "by direct message"),
                    ("channel", "by mentions in the channel"),
                    ("thread", "by mentions in the game's thread"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[
                    ("dm", "by direct message"),
                    ("channel", "by mentions in the channel"),
                    ("thread", "by mentions in the game's thread"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="GameCompanion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("server_event", "event"),
                            ("thread", "thread"),
                            ("voice_channel", "voice channel"),
                            ("player_role", "role"),
                        ],
                        max_length=13,
                    ),
                ),
                ("discord_id", models.BigIntegerField(blank=True, null=True)),
                ("application_id", models.BigIntegerField(blank=True, help_text="The bot that made it.", null=True)),
                (
                    "shown",
                    models.JSONField(
                        blank=True, default=dict, help_text="What it was last made to show, by its kind's fields."
                    ),
                ),
                (
                    "member_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Who is in it, or has it.",
                        size=None,
                    ),
                ),
                (
                    "touched_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Who may be in it, by an attempt of ours.",
                        size=None,
                    ),
                ),
                (
                    "people_count",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="How many are interested in the event, or in the voice channel just now.",
                        null=True,
                    ),
                ),
                (
                    "let_go_at",
                    models.DateTimeField(
                        blank=True, help_text="When somebody deleted it in Discord, and that was to hold.", null=True
                    ),
                ),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, help_text="When Discord last answered about it.", null=True),
                ),
                (
                    "problem_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("missing_permission", "Missing Permission"),
                            ("limit_reached", "Limit Reached"),
                            ("channel_deleted", "Channel Deleted"),
                            ("maybe_made", "Maybe Made"),
                            ("refused", "Refused"),
                        ],
                        max_length=20,
                    ),
                ),
                ("problem", models.CharField(blank=True, help_text="What Discord said to it.", max_length=300)),
                (
                    "game",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="companions", to="games.game"
                    ),
                ),
            ],
            options={
                "verbose_name": "companion of a game",
                "verbose_name_plural": "companions of games",
                "constraints": [
                    models.UniqueConstraint(fields=("game", "kind"), name="one_companion_of_a_kind"),
                    models.UniqueConstraint(
                        condition=models.Q(("discord_id__isnull", False)),
                        fields=("kind", "discord_id"),
                        name="one_game_per_companion",
                    ),
                ],
            },
        ),
    ]
