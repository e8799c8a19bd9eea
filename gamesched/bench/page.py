"""docs/performance.md, rendered from docs/performance.json and from nothing else.

A test renders it again and compares, so that nobody edits a figure by hand.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from gamesched.bench import capacity
from gamesched.bench.goals import GOALS, Compared, Goal
from gamesched.demo.postgres import REPOSITORY

PAGE = REPOSITORY / "docs/performance.md"
FIGURES = REPOSITORY / "docs/performance.json"
BAR = 24  # characters of the chart's longest bar, for a thousandfold
UNEXPLAINED = "Why is not said yet."
WIDEST = 62  # characters of a line's name in the chart


def load() -> dict[str, Any]:
    """Return the last run: each subject's entry, by name."""
    found: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return found


def save(run: dict[str, Any]) -> None:
    """Store a run and write its page."""
    FIGURES.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(render(run))


def number(value: float) -> str:
    """Write a number with three digits that count."""
    if math.isinf(value):
        return "cut off"
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def render(run: dict[str, Any]) -> str:
    """Return the page of a run."""
    figures = {name: entry["figures"] for name, entry in run.items()}
    measured = [(goal, goal.measured(figures)) for goal in GOALS]
    lines = [
        "# How fast it is",
        "",
        "<!-- Written by `python3 run.py bench` from performance.json. A test fails if it was edited by hand. -->",
        "",
        *_introduction(run, measured),
        *_table(measured),
        *_chart(measured),
        *_missed(measured),
        *_capacity(figures),
        *_runs(run),
        *_figures(run),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _introduction(run: dict[str, Any], measured: list[tuple[Goal, float | None]]) -> Iterator[str]:
    met = sum(1 for goal, value in measured if value is not None and goal.is_met(value))
    unknown = sum(1 for _, value in measured if value is None)
    yield "    python3 run.py bench              within 15 minutes on two cores; --full within an hour"
    yield "    python3 run.py bench clicks live  some subjects again, and the page with their new figures"
    yield ""
    yield from dict.fromkeys(f"Machine: {entry['machine']}." for entry in run.values())
    yield f"Revision: {', '.join(dict.fromkeys(entry['revision'] for entry in run.values()))}."
    if any(entry["size"] == "quick" for entry in run.values()):
        yield ""
        yield "**Of a quick run, which shows that everything is measured, and not how fast it is.**"
    yield ""
    yield f"Of {len(measured)} goals {met} are met, {len(measured) - met - unknown} missed, {unknown} not measured."
    yield ""
    yield (
        "I+C is the p50 of a bare insert and commit, measured before each subject on the same server, which syncs to "
        "disk. Baselines run in the same run on the same server: procrastinate, django-q2, channels-redis on a real "
        "Valkey, naive SQL, a bare loop. Each program has a role of its own in PostgreSQL, so `pg_stat_statements` "
        "tells their statements apart; CPU is from /proc, children included; memory is PSS."
    )
    yield ""


def _table(measured: list[tuple[Goal, float | None]]) -> Iterator[str]:
    yield "| | what | goal | measured | |"
    yield "|---|---|---|---|---|"
    for goal, value in measured:
        said = "" if value is None else _with_unit(goal, value)
        verdict = "not measured" if value is None else "met" if goal.is_met(value) else "**missed**"
        yield (
            f"| {goal.number} | {goal.what} | {goal.compared.value} {number(goal.limit)} {goal.unit}".rstrip()
            + f" | {said} | {verdict} |"
        )
    yield ""


def _chart(measured: list[tuple[Goal, float | None]]) -> Iterator[str]:
    """Yield a bar for each goal: how many times better (░) or worse (█) than its limit, on a logarithmic scale."""
    yield "How many times better (░) or worse (█) than the goal; the longest bar is a thousandfold:"
    yield ""
    yield "```text"
    for goal, value in measured:
        if value is None or not goal.limit:
            continue
        missed = not goal.is_met(value)
        times = goal.times_missed(value)
        times = times if missed else 1 / times if times else math.inf
        bar = ("█" if missed else "░") * min(BAR, round(BAR * math.log10(times) / 3)) if not math.isinf(times) else ""
        bar = ("█" if missed else "░") * BAR if math.isinf(times) else bar
        yield f"{goal.number:>2} {goal.what[:WIDEST]:{WIDEST}} {number(times):>11} {bar}".rstrip()
    yield "```"
    yield ""


def _missed(measured: list[tuple[Goal, float | None]]) -> Iterator[str]:
    missed = [(goal, value) for goal, value in measured if value is not None and not goal.is_met(value)]
    if not missed:
        return
    yield "## Missed, by how much, and why"
    yield ""
    for goal, value in missed:
        times = goal.times_missed(value)
        by = "" if math.isinf(times) else f", {number(times)} times {_wrong(goal)}"
        yield f"- **{goal.number}, {goal.what}**: {_with_unit(goal, value)}{by}. {goal.why or UNEXPLAINED}"
    yield ""


def _with_unit(goal: Goal, value: float) -> str:
    return number(value) if math.isinf(value) else f"{number(value)} {goal.unit}".strip()


def _wrong(goal: Goal) -> str:
    return "too much" if goal.compared is Compared.AT_MOST else "too little"


def _capacity(figures: dict[str, Any]) -> Iterator[str]:
    resources = capacity.find_resources(figures)
    yield "## What fills up first"
    yield ""
    yield capacity.ASSUMED
    yield ""
    yield f"| | holds | a guild uses | {' | '.join(f'{size:,} guilds' for size in capacity.SIZES)} | full at |"
    yield "|---|---|---|" + "---|" * (len(capacity.SIZES) + 1)
    for each in resources:
        shares = " | ".join(f"{each.share(size):,.0%}" for size in capacity.SIZES)
        use = f"{each.use:.2g}"
        yield f"| {each.name} | {number(each.capacity)} {each.unit} | {use} | {shares} | {each.full_at:,.0f} guilds |"
    yield ""
    for size in capacity.SIZES:
        full = [f"{each.name} ({each.share(size):,.0%})" for each in resources if each.share(size) >= 1]
        most = max(resources, key=lambda each: each.share(size))
        said = (
            f"full: {', '.join(full)}." if full else f"nothing is full; most of {most.name} ({most.share(size):,.0%})."
        )
        yield f"- {size:,} guilds: {said}"
    yield ""


def _runs(run: dict[str, Any]) -> Iterator[str]:
    yield "## The run"
    yield ""
    yield f"In all {sum(entry['seconds'] for entry in run.values()) / 60:.0f} minutes."
    yield ""
    yield "| subject | when | revision | size | seconds | I+C, ms | |"
    yield "|---|---|---|---|---|---|---|"
    for name, entry in run.items():
        commit = entry["figures"].get("commit_ms_p50")
        problem = f"**failed:** {entry['problem']}".replace("|", "\\|") if entry["problem"] else ""
        yield (
            f"| {name} | {entry['at']} | {entry['revision']} | {entry['size']} | {entry['seconds']} "
            f"| {'' if commit is None else number(commit)} | {problem} |"
        )
    yield ""


def _figures(run: dict[str, Any]) -> Iterator[str]:
    yield "## Every figure"
    yield ""
    for name, entry in run.items():
        said = (f"`{key}` {number(value)}" for key, value in entry["figures"].items() if not key.startswith("commit_"))
        yield f"- **{name}**: {', '.join(said)}"
    yield ""
