"""What one viewer may do to a game: one set of rules for page, post, Discord and admin."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from games.core.permissions import Viewer
from games.core.states import GameAction, State, is_allowed
from games.hosts.messages import can_message_players
from games.models import Game
from games.scheduling.cloning import may_clone
from games.scheduling.rules import undo_until
from games.signups.rules import blocked_reason, signup_closed_reason


@dataclass(frozen=True)
class AllowedActions:
    """What a viewer may do to a game at `now`; each answer is worked out when it is read.

    `viewer`: None for anybody, as who looks at a post. `signed_up`: None where that is not known.
    """

    game: Game
    viewer: Viewer | None
    now: datetime
    signed_up: bool | None = None

    @cached_property
    def state(self) -> State:
        return self.game.state(self.now)

    @cached_property
    def manage(self) -> bool:
        """Return whether they run the game; what they may do with it depends on its state."""
        return self.viewer is not None and self.viewer.may_manage(self.game)

    # --- for players -------------------------------------------------------------------------------------

    @cached_property
    def join_refusal(self) -> str:
        """Why they may not sign up; '' where they may."""
        viewer = self.viewer
        closed = signup_closed_reason(self.game, self.now, viewer.user if viewer is not None else None)
        if closed or self.signed_up or viewer is None or viewer.member is None:
            return closed
        return blocked_reason(self.game, viewer.member.user_id, viewer.member.is_blocked(self.now))

    @property
    def join(self) -> bool:
        return not self.join_refusal and not self.signed_up

    @property
    def leave(self) -> bool:
        return is_allowed(GameAction.LEAVE, self.state) and self.signed_up is not False

    @property
    def respond(self) -> bool:
        allowed = self.game.settings.answers and is_allowed(GameAction.RESPOND, self.state)
        return allowed and (not self.join_refusal or bool(self.signed_up))

    @property
    def withdraw_response(self) -> bool:
        return is_allowed(GameAction.LEAVE, self.state)

    @property
    def note(self) -> bool:
        return is_allowed(GameAction.NOTE, self.state)

    @property
    def add_guest(self) -> bool:
        return self.game.settings.plus_one and self.signed_up is not False and not self.join_refusal

    @property
    def remove_guest(self) -> bool:
        return is_allowed(GameAction.JOIN, self.state)

    # --- for those who run it ----------------------------------------------------------------------------

    @property
    def edit(self) -> bool:
        return self._may(GameAction.EDIT)

    @property
    def cancel(self) -> bool:
        return self._may(GameAction.CANCEL)

    @property
    def end(self) -> bool:
        return self._may(GameAction.END)

    @property
    def remove(self) -> bool:
        return self._may(GameAction.REMOVE)

    @property
    def add(self) -> bool:
        return self._may(GameAction.ADD)

    @property
    def seat(self) -> bool:
        return self._may(GameAction.SEAT)

    @property
    def close(self) -> bool:
        return self._may(GameAction.CLOSE_SIGNUPS) and self.game.closed_at is None

    @property
    def reopen(self) -> bool:
        return self._may(GameAction.CLOSE_SIGNUPS) and self.game.closed_at is not None

    @property
    def retry_post(self) -> bool:
        return self._may(GameAction.REPOST) and bool(self.game.announcement.problem_code)

    @property
    def message_players(self) -> bool:
        return self._may(GameAction.MESSAGE_PLAYERS) and can_message_players(self.game, self.now)

    @property
    def choose_hosts(self) -> bool:
        viewer = self.viewer
        return (
            viewer is not None
            and is_allowed(GameAction.CHOOSE_HOSTS, self.state)
            and viewer.may_choose_hosts(self.game)
        )

    @property
    def announce(self) -> bool:
        return self._may(GameAction.ANNOUNCE) and self.game.starts_at > self.now

    @property
    def undo_until(self) -> datetime | None:
        """Until when a cancellation may be undone; None where the game is not cancelled."""
        return undo_until(self.game.cancelled_at, self.game.ends_at) if self.game.cancelled_at else None

    @property
    def undo(self) -> bool:
        return self._may(GameAction.UNDO_CANCELLATION) and self.undo_until is not None and self.now <= self.undo_until

    @property
    def write_rewards(self) -> bool:
        return self._may(GameAction.WRITE_REWARDS)

    @property
    def archive(self) -> bool:
        return self._may(GameAction.ARCHIVE)

    @property
    def clone(self) -> bool:
        viewer = self.viewer
        return viewer is not None and may_clone(self.game, viewer, self.now) and viewer.may_schedule

    @property
    def make_template(self) -> bool:
        return self.viewer is not None and self.viewer.manages

    def _may(self, action: GameAction) -> bool:
        return is_allowed(action, self.state) and self.manage
