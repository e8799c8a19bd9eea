"""What was stored or written in scripts under a setting's former name."""

import importlib
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from conftest import World
from games.core.codes import AuditAction
from games.models import AuditEntry, Game, GameTemplate

MIGRATION = importlib.import_module("games.migrations.0023_unconfirmed_lose_seat")


def run(*, back: bool = False) -> None:
    """Run what the migration does to rows."""
    keys = [tuple(reversed(pair)) if back else pair for pair in MIGRATION.KEYS]
    statements = [MIGRATION.rename_key(*pair) for pair in keys] + [MIGRATION.rename_locked(*keys[0])]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"silence_frees": [None, True], "of": "the server"},
            {"unconfirmed_lose_seat": [None, True], "of": "the server"},
        ),
        ({"silence frees": [True, False], "seats": [1, 2]}, {"unconfirmed lose seat": [True, False], "seats": [1, 2]}),
        ({"silence_frees": None}, {"unconfirmed_lose_seat": None}),
        ({"seats": [1, 2], "text": "silence_frees"}, {"seats": [1, 2], "text": "silence_frees"}),
        ({}, {}),
    ],
)
def test_the_audit_log_keeps_its_values(world: World, before: Any, after: Any) -> None:
    AuditEntry.objects.create(
        guild=world.guild, action=AuditAction.EDIT_GUILD, source="page", at=world.now, changes=before
    )
    run()
    assert AuditEntry.objects.get().changes == after
    run(back=True)
    assert AuditEntry.objects.get().changes == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["seats", "silence_frees"], ["seats", "unconfirmed_lose_seat"]),
        (["silence_frees"], ["unconfirmed_lose_seat"]),
        (["seats"], ["seats"]),
        ([], []),
    ],
)
def test_a_template_keeps_its_locks(world: World, before: list[str], after: list[str]) -> None:
    GameTemplate.objects.create(guild=world.guild, name="Campaign", locked=before)
    run()
    assert GameTemplate.objects.get().locked == after


@pytest.mark.parametrize("option", ["--silence-frees", "--unconfirmed-lose-seat"])
def test_the_command_line_takes_the_former_option(world: World, option: str) -> None:
    game = world.create_game()
    call_command("game", "edit", str(game.pk), option, "yes")
    assert Game.objects.get().unconfirmed_lose_seat is True
