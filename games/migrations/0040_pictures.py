"""Pictures, and the settings that name them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0036_last_changes_and_fetches"),
    ]

    operations = [
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "name",
                    models.CharField(
                        help_text="The SHA-256 of its bytes, its width and its height.",
                        max_length=80,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("content", models.BinaryField(help_text="In WebP.")),
                ("small", models.BinaryField(help_text="The same for lists, in WebP, without motion.")),
                (
                    "drawn_from",
                    models.CharField(
                        blank=True,
                        help_text="What it was drawn from, if it was drawn.",
                        max_length=64,
                        null=True,
                        unique=True,
                    ),
                ),
                (
                    "unused_since",
                    models.DateTimeField(blank=True, help_text="When nothing was first found to use it.", null=True),
                ),
            ],
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="cover",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="post_picture",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "no picture"),
                    ("given", "the cover and thumbnail that the host chose"),
                    ("drawn", "the same, and a drawn cover where there is none"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="channeldefaults",
            name="thumbnail",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="game",
            name="cover",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="game",
            name="post_picture",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "no picture"),
                    ("given", "the cover and thumbnail that the host chose"),
                    ("drawn", "the same, and a drawn cover where there is none"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="thumbnail",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="cover",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="post_picture",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "no picture"),
                    ("given", "the cover and thumbnail that the host chose"),
                    ("drawn", "the same, and a drawn cover where there is none"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="thumbnail",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="cover",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="post_picture",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "no picture"),
                    ("given", "the cover and thumbnail that the host chose"),
                    ("drawn", "the same, and a drawn cover where there is none"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="thumbnail",
            field=models.CharField(blank=True, max_length=80, null=True),
        ),
    ]
