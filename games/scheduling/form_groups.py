"""What the folded groups of a game's form say of their fields, so that nobody has to unfold them to know."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from games.core.setting_kinds import PictureSetting
from games.core.settings import SETTINGS
from games.scheduling import wording
from games.scheduling.forms import ANNOUNCE_FIELDS, GameForm
from games.scheduling.rules import AnnounceWhen
from games.scheduling.start_form import shown_moment
from games.signups.participants import count_names


@dataclass(frozen=True)
class FoldedGroup:
    """A group of fields: its name in addresses, its title, and what its fields say now, in words."""

    name: str
    title: str
    summary: str
    has_errors: bool


BY_ID = re.compile(r"\s*<@!?\d+>$")  # behind a name that was chosen
DETAILS = ("description", "cover", "cover_file", "thumbnail", "post_picture")
WHERE = ("channel", "location", "template")
PEOPLE = ("participants", "host", "carry", "silence")


def form_groups(form: GameForm) -> list[FoldedGroup]:
    """Return the folded groups of a form, in order."""
    further = [field.name for group in form.further_groups for row in group.rows for field in row.fields]
    groups: list[tuple[str, tuple[str, ...] | list[str], str]] = [
        ("details", DETAILS, _details(form)),
        ("where", WHERE, _where(form)),
        ("people", PEOPLE, _people(form)),
        *([("announcement", ANNOUNCE_FIELDS, _announcement(form))] if "announce" in form.fields else []),
        ("more", further, _more(form, further)),
    ]
    wrong = set(form.errors)
    return [
        FoldedGroup(
            name,
            gettext(wording.GROUPS[name]),
            summary,
            has_errors=form.has_further_errors if name == "more" else bool(wrong & {*names}),
        )
        for name, names, summary in groups
    ]


def _text(form: GameForm, name: str) -> str:
    """Return what a field says, as people read it: one line, and '' where it is empty."""
    if name not in form.fields:
        return ""
    value: Any = form[name].value()
    choices = getattr(form.fields[name], "choices", ())
    labels = {str(key): str(label) for key, label in choices if not isinstance(label, (list, tuple))}
    if isinstance(value, (list, tuple)):
        return ", ".join(labels.get(str(one), str(one)) for one in value)
    return "" if value in {None, ""} else " ".join(labels.get(str(value), str(value)).split())


def _setting(form: GameForm, name: str) -> str:
    """Return what a setting says: its own value, or what it inherits."""
    setting, own = SETTINGS[name], _text(form, name)
    if not own or form.fields[name].disabled:
        return form.inherited_texts[name]
    if isinstance(setting, PictureSetting):
        return gettext(wording.NO_PICTURE) if own == _text_of_none(form, name) else gettext(wording.OWN_PICTURE)
    return own


def _text_of_none(form: GameForm, name: str) -> str:
    return str(dict(getattr(form.fields[name], "choices", ())).get("none", "none"))


def _details(form: GameForm) -> str:
    length = len(str(form["description"].value() or "").strip())
    return wording.details_summary(length, _setting(form, "cover"))


def _where(form: GameForm) -> str:
    channel = _text(form, "channel") or (form.fields["channel"].choices or [("", "")])[0][1]  # type: ignore[attr-defined]
    return wording.where_summary(str(channel), _setting(form, "location"), _text(form, "template"))


def _people(form: GameForm) -> str:
    named = count_names(str(form["participants"].value() or ""))
    if "host" in form.fields:
        return wording.people_summary(named, BY_ID.sub("", _text(form, "host")))
    return wording.added_summary(named)


def _announcement(form: GameForm) -> str:
    when = str(form["announce"].value() or AnnounceWhen.NOW)
    return wording.announcement_summary(when, shown_moment(form, *ANNOUNCE_FIELDS[1:]))


def _more(form: GameForm, names: list[str]) -> str:
    changed = sum(bool(_text(form, name)) for name in names if name in form.fields and name in SETTINGS)
    own = _text(form, "reminders")
    source = "" if own else form.inherited["reminders"].source
    return wording.more_summary(own or form.inherited_texts["reminders"], source, changed)
