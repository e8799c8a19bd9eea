"""The form that schedules a game again."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from games.confirmations import wording as confirmation_wording
from games.core import rules
from games.core.host_text import may_copy_instructions, with_explicit_settings_only
from games.core.permissions import Viewer
from games.models import Game, GameTemplate
from games.scheduling.cloning import CarryPlayers
from games.scheduling.forms import GameForm
from games.scheduling.rules import AnnounceWhen
from gamesched.lib.zones import zone_info


class CloneForm(GameForm):
    """A new game that starts with the values of an earlier one, and the choice to carry its players over."""

    carry = forms.ChoiceField(
        label=gettext_lazy(confirmation_wording.CARRY_LABEL),
        choices=[(name, gettext_lazy(label)) for name, label in confirmation_wording.CARRY.items()],
        widget=forms.RadioSelect,
        initial=CarryPlayers.NO.value,
        help_text=gettext_lazy(confirmation_wording.CARRY_HELP),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["participants"].help_text = gettext(confirmation_wording.CLONE_PARTICIPANTS_HELP)

    @staticmethod
    def initial_of_clone(game: Game, viewer: Viewer, now: datetime) -> dict[str, Any]:
        """Return the initial values: the same a week later, at the same local time in the game's zone."""
        initial = GameForm.initial_of(with_explicit_settings_only(game))
        if not may_copy_instructions(game, viewer):
            initial["instructions"] = None
        if initial["archive_channel_id"] in viewer.hidden_channel_ids:
            initial["archive_channel_id"] = None  # theirs to choose are only channels that they may view
        at = rules.next_week(game.starts_at, game.zone, now)
        template = CloneForm.template_for(game, viewer)
        initial |= {"date": at.date(), "time": at.time(), "fold": None, "edition": None}
        initial["template"] = str(template.pk) if template is not None else ""
        return initial | CloneForm._announce(game, at, now)

    @staticmethod
    def template_for(game: Game, viewer: Viewer) -> GameTemplate | None:
        """Return the game's template, if it exists for the viewer."""
        template = game.active_template
        return template if template is not None and viewer.may_see_template(template) else None

    @staticmethod
    def _announce(game: Game, start: datetime, now: datetime) -> dict[str, Any]:
        """Return when the new game is announced: at once, unless the old one was a draft.

        One that was to be announced later keeps its lead over the start, if that is still to come.
        """
        if game.announced_at is None and game.announce_at is None:
            return {"announce": AnnounceWhen.DRAFT.value}
        zone, at = zone_info(game.zone), None
        if game.announced_at is None and game.announce_at is not None and game.announce_at < game.starts_at:
            old_start, old_at = (
                one.astimezone(zone).replace(tzinfo=None) for one in (game.starts_at, game.announce_at)
            )
            at = start - (old_start - old_at)
        if at is None or at <= now.astimezone(zone).replace(tzinfo=None):
            return {"announce": AnnounceWhen.NOW.value, "announce_date": None, "announce_time": None}
        return {"announce": AnnounceWhen.LATER.value, "announce_date": at.date(), "announce_time": at.time()}
