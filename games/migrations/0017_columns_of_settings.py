"""Columns of settings take their words from the declarations. No table changes."""

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

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


class DescribeColumns(Operation):
    """Give the fields their new words in the state of the models, all at once.

    A hundred AlterField operations did the same in six seconds, as each renders the models anew.
    """

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        for model in MODELS:
            columns = COLUMNS if model == "game" else COLUMNS | COLUMNS_ABOVE
            for name, field in columns.items():
                state.models[app_label, model].fields[name] = field.clone()
        state.reload_models({(app_label, model) for model in MODELS}, delay=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Change nothing: the columns are as they were."""

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Change nothing: the columns are as they were."""

    def describe(self) -> str:
        return "Describe the columns of settings"


class Migration(migrations.Migration):
    dependencies = [("games", "0016_state_from_the_audit")]

    operations = [DescribeColumns()]
