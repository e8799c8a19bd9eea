"""What a change of settings changes in upcoming games."""

from collections.abc import Iterable

from games.core.permissions import Viewer
from games.core.settings import setting_text
from games.models import Game
from games.server_settings.actions import SettingChange
from games.server_settings.wording import SETTING_LABELS
from guilds.models import Guild


def describe_changes(
    viewer: Viewer, guild: Guild, changes: Iterable[SettingChange]
) -> list[tuple[Game, list[tuple[str, str, str]]]]:
    """Return each changed upcoming game that the viewer may see, with its settings before and after."""
    roles = dict(guild.roles.values_list("pk", "name"))
    by_game: dict[int, tuple[Game, list[tuple[str, str, str]]]] = {}
    for change in changes:
        if not viewer.may_see_game(change.game):
            continue
        values = (change.before.value, change.after.value)
        before, after = (setting_text(change.name, value, roles, viewer.channel_names) for value in values)
        rows = by_game.setdefault(change.game.pk, (change.game, []))[1]
        rows.append((SETTING_LABELS[change.name], before, after))
    return list(by_game.values())
