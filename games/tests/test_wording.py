"""Every text that people read, kept in `wording.txt` beside this file, which shows each change of wording.

After an intended change: `WORDING=write python -m pytest games/tests/test_wording.py`.
"""

import inspect
import itertools
import os
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import games
from games.core.payloads import ConfirmationSummaryPayload
from games.core.setting_kinds import Setting
from games.core.settings import SETTINGS
from games.core.states import ALLOWED, State
from games.hosts.rules import Audience
from games.models import PollState, WebhookRequest
from games.models.announcement import PostProblem
from games.series.recurrence import read_recurrence
from gamesched.lib.durations import DurationProblem
from notifications.codes import RequestProblem

KEPT = Path(__file__).with_name("wording.txt")
VARIANTS = 16  # of one text; the first of more
AT = datetime(2026, 12, 4, 19, 30, tzinfo=UTC)
RULES = (
    "FREQ=WEEKLY;BYDAY=FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=6",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1;UNTIL=20271231",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
    "FREQ=DAILY;BYMONTH=3,4;COUNT=9",
)

# Parameters by name, where the type does not say enough.
NAMED: dict[str, Iterable[Any]] = {
    "title": ["Curse of Strahd"],
    "guild": ["Friday Night Dice"],
    "url": ["https://games.example.org/games/7/"],
    "who": ["Ann"],
    "guest": ["Ann", ""],
    "name": ["Ann"],
    "by": ["Ann", ""],
    "reason": ["The table burnt down.", ""],
    "cancel_reason": ["The table burnt down.", ""],
    "error": ["Discord answered 502", ""],
    "dropped": ["they left", ""],
    "instructions": ["Bring dice.", ""],
    "changes": [{"for": "Ben", "text": "Bring dice.", "to": "all", "of": "#raids", "what": "Reminder"}],
    "style": ["F"],
    "to": [to.value for to in Audience],
    "zone": ["Europe/Berlin"],
    "counts": [ConfirmationSummaryPayload(3, 1, n, dropped) for n in (0, 1) for dropped in (True, False)],
    "request": [
        WebhookRequest(),
        WebhookRequest(answer_status=503, took_ms=40),
        WebhookRequest(problem_code=RequestProblem.TIMEOUT),
    ],
    "missing": [[], ["Send Messages", "Embed Links"]],
    "past": [[], [60], [1440, 60]],
    "reminders": [[], [1440, 60]],
    "pairs": [[("al", "Alice")]],
    "games": [0, 1, 3],
    "status": ["sent"],
    "starts_at": [AT],
    "nth": [1, -1],
}
TYPED: dict[str, Iterable[Any]] = {
    "bool": [True, False],
    "int": [0, 1, 3],
    "int | None": [None, 0, 2],
    "float | None": [None, 1.5],
    "datetime": [AT],
    "datetime | None": [AT, None],
    "Sequence[tuple[str, str]]": [[], [("Raid", "Fri 19:30")], [("Raid", "Fri 19:30"), ("Chess", "Fri 20:00")]],
    "Mapping[int, str] | None": [{7: "raids"}],
    "Mapping[str, int]": [{"left": 2, "blocks": 0}],
    "timedelta": [timedelta(seconds=40), timedelta(hours=30)],
    "State": list(State),
    "PollState": [state for state in PollState if state is not PollState.OPEN],
    "PostProblem": list(PostProblem),
    "DurationProblem": list(DurationProblem),
    "date": [AT.date()],
    "time": [AT.time()],
    "Recurrence": list(map(read_recurrence, RULES)),
    "str | None": ["Ann", None],
}
NAMES = [[], ["Ann"], ["Ann", "Ben", "Cat"]]
# Shown whole by tests of their own, with what they are made of.
APART = {
    "deliveries.wording.delivery_outcome",
    "confirmations.wording.value_text",
    "reminders.wording.digest",
}


def modules() -> Iterator[ModuleType]:
    for module_info in pkgutil.walk_packages(games.__path__, "games."):
        if module_info.name.endswith("wording") and ".tests." not in module_info.name:
            yield import_module(module_info.name)


def samples(module: ModuleType, name: str, kind: str) -> list[Any]:
    if name == "action":
        return list(getattr(module, "AUDIT_ACTIONS", ALLOWED))
    if name == "word" and hasattr(module, "CHANGE_LABELS"):
        return list(module.CHANGE_LABELS)
    if name == "kind":
        return list(getattr(module, "NOTIFICATION_TITLES", None) or module.LABELS)
    if (name, kind) == ("minutes", "int | None"):
        return [60]
    if name in NAMED:
        return list(NAMED[name])
    if kind in TYPED:
        return list(TYPED[kind])
    if kind in {"Sequence[str]", "Iterable[str]", "list[str]", "tuple[str, ...]"}:
        return NAMES
    if kind == "str":
        return [f"({name})"]
    raise AssertionError(f"{module.__name__}: say here what {name}: {kind} may be")


def sample_texts(module: ModuleType, function: Callable[..., str]) -> Iterator[str]:
    parameters = inspect.signature(function, eval_str=False).parameters.values()
    kinds = [(p.name, p.annotation if isinstance(p.annotation, str) else _name(p.annotation)) for p in parameters]
    actions = [name for name, _ in kinds if name == "action"]
    argument_lists = itertools.product(*(samples(module, name, kind) for name, kind in kinds))
    texts: list[str] = []
    for values in itertools.islice(argument_lists, None if actions else VARIANTS):
        text = str(function(*values))
        if text not in texts:
            texts.append(text)
    yield from texts


def _name(annotation: Any) -> str:
    text = inspect.formatannotation(annotation)
    for module in (
        "collections.abc.",
        "datetime.",
        "games.core.states.",
        "games.models.poll.",
        "games.models.announcement.",
        "games.series.recurrence.",
        "gamesched.lib.durations.",
    ):
        text = text.replace(module, "")
    return text


def constants(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, text in value.items():
            if isinstance(text, str):
                yield f"{key}: {text}"


def setting_texts(setting: Setting[Any]) -> Iterator[str]:
    """Every text of a setting's declaration, by the name of its part."""
    for name, value in vars(setting).items():
        if isinstance(value, str) and value and name not in {"name", "beside", "group", "default"}:
            yield f"{name}: {value}"
        elif isinstance(value, dict):
            yield from (f"{name}, {key}: {text}" for key, text in value.items())
        elif isinstance(value, type):
            yield from (f"{name}, {key}: {text}" for key, text in getattr(value, "choices", ()))


def wording() -> str:
    blocks = []
    for setting in SETTINGS.values():
        lines = "\n".join(f"    {text}" for text in setting_texts(setting))
        blocks.append(f"core.settings.{setting.name}\n{lines}\n")
    for module in modules():
        here = module.__name__.removeprefix("games.")
        for name, value in vars(module).items():
            if name.startswith("_") or f"{here}.{name}" in APART:
                continue
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                texts = list(sample_texts(module, value))
            elif name.isupper():
                texts = list(constants(value))
            else:
                continue
            if texts:
                shown = "\n".join("    " + text.replace("\n", "\n    ") for text in texts)
                blocks.append(f"{here}.{name}\n{shown}\n")
    return "\n".join(blocks)


def test_every_text_reads_as_it_did() -> None:
    now = wording()
    if os.environ.get("WORDING") == "write":
        KEPT.write_text(now)
    assert KEPT.read_text() == now, "if that is meant: WORDING=write python -m pytest games/tests/test_wording.py"


def test_every_message_has_a_link_and_discord_timestamps() -> None:
    checked = set()
    for module in modules():
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or function.__module__ != module.__name__:
                continue
            parameters = inspect.signature(function).parameters
            if not {"guild", "url"} <= parameters.keys() or f"{module.__name__}.{name}" in APART:
                continue
            checked.add(name)
            for text in sample_texts(module, function):
                assert "https://games.example.org/games/7/" in text, name
                assert "starts_at" not in parameters or "<t:" in text, name
    assert len(checked) > 15, checked
