"""Each action that is recorded has a line in a history, from the wording of its feature."""

from games.core.codes import AuditAction
from games.pages import guild_history_wording
from games.pages.game_history import DESCRIBERS


def test_each_recorded_action_is_described() -> None:
    apart = {AuditAction.EDIT, AuditAction.ROLE_DELETED}  # with times and channels; and in a guild's history only
    assert {*AuditAction} == {*DESCRIBERS, *guild_history_wording.AUDIT_ACTIONS, *apart}
