"""A layer's settings as a table: what holds, in words, and from where. It follows from the declarations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext

from games.core import wording
from games.core.permissions import Viewer
from games.core.resolved_settings import BUILT_IN_SOURCE, THE_SERVER
from games.core.setting_kinds import Group, Text
from games.core.settings import SETTINGS, SETTINGS_BY_GROUP, setting_text
from games.models import GameTemplate
from games.models.layers import explicit_values
from games.server_settings import wording as settings_wording
from games.server_settings.forms import SettingsForm
from guilds.models import Role

SHOWN_MAX = 200  # characters of a value; a description may have 2,000


@dataclass(frozen=True)
class SettingRow:
    """One setting: its value in words, and the layer that says so."""

    name: str
    label: str
    text: str
    source: str  # '' for what only this layer has
    is_built_in: bool = False  # inherited from nobody's choice
    is_own: bool = False  # said by this layer, so that it can inherit again
    is_locked: bool = False


@dataclass(frozen=True)
class RowGroup:
    """Settings under one heading."""

    name: str
    title: str
    rows: list[SettingRow]

    @property
    def summary(self) -> list[SettingRow]:
        """Return the rows as the folded group names them, those that this layer sets first."""
        return sorted(self.rows, key=lambda row: not row.is_own)


def setting_groups(form: SettingsForm) -> list[RowGroup]:
    """Return everything that a layer's form edits, in groups, as it is saved."""
    own = [
        SettingRow(name, str(type(form).base_fields[name].label), _short(form.saved_text(name)), "")
        for name in form.own_rows
    ]
    groups = (
        [RowGroup(form.kind, gettext(settings_wording.OWN_TITLES[form.kind]), own)] if form.own_group is None else []
    )
    for group in Group:
        rows = [_row(form, one.name, gettext(one.label)) for one in SETTINGS_BY_GROUP[group]]
        rows += [row for row in own if form.group_of(row.name) is group]
        groups.append(RowGroup(group, gettext(settings_wording.GROUP_TITLES[group]), rows))
    return groups


def _row(form: SettingsForm, name: str, label: str) -> SettingRow:
    own, inherited = form.own_value(name), form.inherited[name]
    if own is not None:
        text, source = form.setting_text(name, own), gettext(settings_wording.OWN_SOURCES[form.kind])
    else:
        text, source = form.inherited_text(name), source_text(inherited.source)
    if not isinstance(SETTINGS[name], Text) or not (own if own is not None else inherited.value):
        text = capfirst(text)  # it is not as somebody typed it
    is_built_in = own is None and inherited.source == BUILT_IN_SOURCE
    return SettingRow(name, label, _short(text), source, is_built_in, own is not None, form.is_locked(name))


def group_to_open(groups: Sequence[RowGroup], name: str) -> str:
    """Return the name of the group that a page shows unfolded: that of a row, or the first."""
    return next((group.name for group in groups if find_row([group], name)), groups[0].name)


def source_text(source: str) -> str:
    """Return the layer that a setting is inherited from, as the table names it."""
    labels = {BUILT_IN_SOURCE: settings_wording.BUILT_IN, THE_SERVER: settings_wording.SERVER}
    return gettext(labels[source]) if source in labels else source


def find_row(groups: Iterable[RowGroup], name: str) -> SettingRow | None:
    """Return the row of this name."""
    return next((row for group in groups for row in group.rows if row.name == name), None)


# --- templates as cards --------------------------------------------------------------------------------------

FACTS_MAX = 6  # of a template's values; the others stand on its page


@dataclass(frozen=True)
class TemplateCard:
    """A template with what it says, in words."""

    template: GameTemplate
    channel_text: str  # '' where the host chooses
    facts: list[tuple[str, str]]  # label and value
    more_text: str


def template_presets() -> list[tuple[str, tuple[str, str]]]:
    """Return what a new template can begin with: a key, its name, and what it sets."""
    presets = settings_wording.TEMPLATE_PRESETS.items()
    return [(key, (gettext(name), gettext(text))) for key, (name, text) in presets]


def template_cards(viewer: Viewer, templates: Sequence[GameTemplate]) -> list[TemplateCard]:
    """Return templates as cards, in three statements however many they are."""
    roles = dict(Role.objects.filter(guild=viewer.guild_id).values_list("pk", "name")) if templates else {}

    def card(template: GameTemplate) -> TemplateCard:
        own = {name: value for name, value in explicit_values(template).items() if value is not None}
        names = [one.name for group in Group for one in SETTINGS_BY_GROUP[group] if one.name in own]
        facts = [
            (gettext(SETTINGS[name].label), _short(setting_text(name, own[name], roles, viewer.channel_names)))
            for name in names[:FACTS_MAX]
        ]
        channel = template.channel
        text = "" if channel is None else str(channel) if viewer.may_view(channel) else gettext(wording.HIDDEN_CHANNEL)
        return TemplateCard(template, text, facts, settings_wording.more_values(len(names) - len(facts)))

    return [card(template) for template in templates]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"
