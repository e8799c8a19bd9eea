"""Settings on the command line: an option for each, in the words of its form field."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from games.core import wording
from games.core.setting_kinds import PICTURE_NAME, ChannelId, ChoiceSetting, PictureSetting, Setting, YesNo
from games.core.settings import GAME_SETTINGS, SETTINGS
from games.pictures.fields import store_file
from games.server_settings.base_forms import SettingsFieldsForm, is_ticked, override_field
from games.server_settings.fields import NONE_WORDS, parse_roles

ROLES_HELP = "Names or ids, with commas between, or none."
CHANNEL_HELP = "A name or an id, or none."
FILE_HELP = "A file, or none."


def add_setting_options(parser: ArgumentParser) -> None:
    """Add an option for each setting that a game can set; an empty one inherits."""
    for name in GAME_SETTINGS:
        setting = SETTINGS[name]
        options = [f"--{option}" for option in (setting.option, setting.former_option) if option]
        parser.add_argument(*options, dest=name, help=option_help(setting), metavar=_metavar(setting))


def option_help(setting: Setting[Any]) -> str:
    """Return a setting's text in `--help`."""
    if is_ticked(setting):
        return f"{setting.label}. {ROLES_HELP}"
    if isinstance(setting, PictureSetting):
        return f"{setting.help} {FILE_HELP}"
    return f"{setting.help} {CHANNEL_HELP}" if isinstance(setting, ChannelId) else setting.help


def _metavar(setting: Setting[Any]) -> str | None:
    match setting:
        case YesNo():
            return "yes|no"
        case PictureSetting():
            return "FILE"
        case ChoiceSetting():
            return "|".join(setting.choices.values)
    return None


def setting_form_data(form: SettingsFieldsForm, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form data of the options that are given. Raises ValidationError, by field."""
    data: dict[str, Any] = {}
    problems: dict[str, forms.ValidationError] = {}
    for name in GAME_SETTINGS:
        if (text := options.get(name)) is None:
            continue
        if form.inherited[name].locked:
            problems[name] = forms.ValidationError(wording.locked(form.inherited[name].source))
            continue
        try:
            data |= _field_data(SETTINGS[name], text.strip(), form)
        except forms.ValidationError as problem:
            problems[name] = problem
    if problems:
        raise forms.ValidationError(problems)
    return data


def _field_data(setting: Setting[Any], text: str, form: SettingsFieldsForm) -> dict[str, Any]:
    none = text.lower() in NONE_WORDS
    if is_ticked(setting):
        roles = () if none else parse_roles(text, form.roles)
        return {override_field(setting.name): "on" if text else "", setting.name: [str(role) for role in roles]}
    if isinstance(setting, ChannelId):
        return {setting.name: "0" if none else channel_id(text, form.archives)}
    if isinstance(setting, PictureSetting) and text and not none and not PICTURE_NAME.fullmatch(text):
        return {setting.name: store_file(text)}
    return {setting.name: "none" if isinstance(setting, PictureSetting) and none else text}


def channel_id(text: str, choices: Iterable[tuple[object, object]]) -> str:
    """Return the id of one of a form's channels by its name. What names none, or several, is left for the form."""
    wanted = text.strip().removeprefix("#").lower()
    matches = [pk for pk, label in choices if str(label).split(" (")[0].removeprefix("#").lower() == wanted]
    return str(matches[0]) if len(matches) == 1 else text
