"""Every odd input in every field by chance, for half of FUZZ_MINUTES: forms, Discord's fields, the command line."""

import os
import random
import time

import pytest

from discord_bot.tests.test_odd_inputs import Fields, fields
from games.tests.odd_forms import Findings, changes_of
from games.tests.odd_options import text_options, type_option
from games.tests.stage import Stage, db, module_stage, stage
from games.tests.test_odd_inputs import forms_of, good_values, look_again
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT

__all__ = ["db", "fields", "module_stage", "stage"]  # the fixtures

SEED = int(os.environ.get("FUZZ_SEED", "") or time.time())
SECONDS = 60 * float(os.environ.get("FUZZ_MINUTES", "20")) / 6  # of each of three


@pytest.fixture
def world(stage: Stage) -> object:
    return stage.world


def test_in_every_form(stage: Stage) -> None:
    chance, until, found = random.Random(SEED), time.monotonic() + SECONDS, Findings()
    look, good = look_again(stage), good_values(stage)
    while time.monotonic() < until:
        for shown in forms_of(stage):
            for typed, beside in changes_of(shown, chance.randrange(10**6), good):
                if time.monotonic() < until:
                    found.type_into(shown, typed, beside, look)
    print(f"\nFUZZ_SEED={SEED}: {found.asked} forms sent, {found.taken} taken, {len(found)} findings")
    assert not found, "\n".join(found)


def test_in_every_field_of_discord(fields: Fields) -> None:
    chance, until = random.Random(SEED), time.monotonic() + SECONDS
    count, problems = 0, []
    while time.monotonic() < until:
        count += 1
        problems += fields.type(chance.choice(fields.names), chance.choice(EVERY_ODD_INPUT))
    print(f"\nFUZZ_SEED={SEED}: {count} interactions, {len(problems)} findings")
    assert not problems, "\n".join(problems)


def test_in_every_option(stage: Stage) -> None:
    chance, until, options = random.Random(SEED), time.monotonic() + SECONDS, [*text_options()]
    count, problems = 0, []
    while time.monotonic() < until:
        count += 1
        problems += type_option(stage, chance.choice(options), chance.choice(EVERY_ODD_INPUT))
    print(f"\nFUZZ_SEED={SEED}: {count} commands, {len(problems)} findings")
    assert not problems, "\n".join(problems)
