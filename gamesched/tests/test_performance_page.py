"""docs/performance.md is what its figures say, and the goals are declared well."""

import importlib
import json

import pytest

from games import scheduled_tasks
from gamesched.bench import capacity, page
from gamesched.bench.goals import GOALS, Compared, Goal
from gamesched.bench.subjects import SUBJECTS
from gamesched.bench.subjects.periodic import TASKS

ENTRY = {"problem": "", "size": "usual", "seconds": 1, "at": "2026-01-01", "revision": "abc", "machine": "2 cores"}


def test_the_page_was_not_edited_by_hand() -> None:
    assert page.PAGE.read_text() == page.render(page.load()), "write it by: python3 run.py bench --render"


def test_a_figure_that_is_edited_shows() -> None:
    run = page.load()
    name, entry = next(iter(run.items()))
    edited = json.loads(json.dumps(run))
    edited[name]["figures"][next(iter(entry["figures"]))] += 1
    assert page.render(edited) != page.render(run)


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_subject_can_be_measured_and_has_a_goal(name: str) -> None:
    assert callable(importlib.import_module(f"gamesched.bench.subjects.{name}").measure)
    assert any(goal.subject == name for goal in GOALS)


@pytest.mark.parametrize("name", TASKS)
def test_the_tasks_that_are_measured_exist(name: str) -> None:
    assert callable(getattr(scheduled_tasks, name))


def test_goals_name_existing_subjects_and_differ() -> None:
    assert {goal.subject for goal in GOALS} <= set(SUBJECTS)
    assert len({(goal.number, goal.what) for goal in GOALS}) == len(GOALS)


@pytest.mark.parametrize(("value", "met"), [(9.0, True), (10.0, True), (11.0, False)])
def test_a_goal_is_met_up_to_its_limit(value: float, met: bool) -> None:
    most = Goal(1, "waiting", "timers", lambda figures: figures["x"], 10, "ms", why="Because.")
    assert most.measured({"timers": {"x": value}}) == value
    assert most.is_met(value) is met
    least = Goal(1, "speed", "timers", lambda figures: -figures["x"], -10, "/s", Compared.AT_LEAST)
    assert least.is_met(-value) is met


def test_the_reason_stands_there_only_while_a_goal_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    goal = Goal(1, "waiting", "timers", lambda figures: figures["x"], 10, "ms", why="Because of that.")
    monkeypatch.setattr(page, "GOALS", (goal,))
    assert "Because of that." in page.render({"timers": {**ENTRY, "figures": {"x": 20.0}}})
    assert "Because of that." not in page.render({"timers": {**ENTRY, "figures": {"x": 5.0}}})


def test_a_failed_subject_and_a_missing_figure_are_said() -> None:
    rendered = page.render({"timers": {**ENTRY, "figures": {}, "problem": "it burned"}})
    assert "it burned" in rendered
    assert f"{len(GOALS)} not measured" in rendered


def test_what_fills_first_comes_first() -> None:
    run = {"pages": {"served_per_second": 0.001}}
    assert [each.name for each in capacity.find_resources(run)] == [
        "one web process",
        "Discord's guilds for one connection",
    ]
