"""Columns of settings take their words from the declarations. No table changes."""

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

import guilds.models

MODELS = ("channeldefaults", "game", "gametemplate", "guilddefaults")


def number(field: Any) -> Any:
    return field(null=True, blank=True)


def yes_no() -> Any:
    return models.BooleanField(null=True, blank=True)


def array(field: Any) -> Any:
    return django.contrib.postgres.fields.ArrayField(base_field=field, null=True, blank=True, size=None)


def choice(length: int, *choices: tuple[str, str]) -> Any:
    return models.CharField(max_length=length, null=True, blank=True, choices=choices)


COLUMNS = {
    "seats": number(models.PositiveSmallIntegerField),
    "duration": number(models.PositiveIntegerField),
    "reminders": array(models.PositiveIntegerField()),
    "location": models.CharField(max_length=200, null=True, blank=True),
    "instructions": models.TextField(max_length=1000, null=True, blank=True),
    "player_role_ids": array(models.BigIntegerField()),
    "notify_role_ids": array(models.BigIntegerField()),
    "confirm_by_dm": yes_no(),
    "reminder_place": choice(8, ("dm", "by direct message"), ("channel", "by one mention in the channel")),
    "method": choice(
        16,
        ("open", "whoever asks first"),
        ("priority", "by role, then whoever asks first"),
        ("picks_waiting", "the host picks from those who asked"),
        ("picks", "the host picks, nobody asks"),
    ),
    "priority_role_ids": array(models.BigIntegerField()),
    "answers": yes_no(),
    "plus_one": yes_no(),
    "signups_close": number(models.PositiveIntegerField),
    "offer_within": number(models.PositiveIntegerField),
    "offer_for": number(models.PositiveIntegerField),
    "minimum": number(models.PositiveSmallIntegerField),
    "minimum_by": number(models.PositiveIntegerField),
    "ask_if_moved": number(models.PositiveIntegerField),
    "silence_frees": yes_no(),
    "if_deleted": choice(8, ("put_back", "put it back"), ("ask", "ask the host")),
    "ask_rewards": yes_no(),
    "archive_channel_id": number(models.BigIntegerField),
    "archive_after": number(models.PositiveIntegerField),
}
# Of a game its zone is its own, and who may host it is decided above it.
COLUMNS_ABOVE = {
    "zone": models.CharField(max_length=64, null=True, blank=True, validators=[guilds.models.check_zone]),
    "host_role_ids": array(models.BigIntegerField()),
}


class Migration(migrations.Migration):
    dependencies = [("games", "0016_state_from_the_audit")]

    operations = [
        migrations.AlterField(model_name=model, name=name, field=field.clone())
        for model in MODELS
        for name, field in (COLUMNS if model == "game" else COLUMNS | COLUMNS_ABOVE).items()
    ]
