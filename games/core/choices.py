"""Choice buttons in outgoing messages and ephemeral replies: their custom ids, and the actions that handle them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_noop

from games.core.base import ActionResult, Actor, EntryPoint
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from notifications.messages import Button

NOT_FOR_YOU = gettext_noop("This question is for someone else. See what you can do on the game's page.")
OUTDATED_CHOICE = gettext_noop("This question is out of date. See how things stand on the game's page.")


class PromptKind(StrEnum):
    """What a prompt is about. The values stand in custom ids of messages that are there, so they never change."""

    CONFIRMATION = "question"
    DELETED_POST = "deleted"
    HAND_OVER = "hand_over"
    INTERESTED = "interested"
    OFFER = "offer"
    SCHEDULE_CONFLICT = "overlap"
    SERIES_DATES = "repeats"
    SERIES_GAME = "series"
    SUBSTITUTE = "substitute"
    TAKE_OVER = "take_over"
    TOO_FEW_PLAYERS = "short"


ChoiceHandler = Callable[[int, int, str, Actor, datetime], ActionResult]  # game id, the prompt's number, the choice

_handlers: dict[PromptKind, ChoiceHandler] = {}


def register_handler(prompt: PromptKind, handler: ChoiceHandler) -> None:
    """Register the handler of one kind of prompt.

    The handler raises Refused; `outdated_refusal` is for a number that is not current.
    """
    _handlers[prompt] = handler


@dataclass(frozen=True)
class PromptChoice:
    """One choice of one prompt.

    `number` distinguishes prompts of the same kind about the same game.
    """

    prompt: PromptKind
    game_id: int
    number: int
    choice: str

    @property
    def custom_id(self) -> str:
        return f"ask:{self.prompt}:{self.game_id}:{self.number}:{self.choice}"

    @classmethod
    def parse(cls, text: str) -> "PromptChoice":
        """Return what a custom id says. Raise ValueError for one that is none of these."""
        _, what, game_id, number, choice = text.split(":")
        return cls(PromptKind(what), parse_id(game_id) or 0, int(number), choice)

    def button(self, label: str, style: str = "secondary") -> Button:
        """Return the button that offers this choice in a message."""
        return Button(label, self.custom_id, style=style)


def handle_choice(button: PromptChoice, user: User, now: datetime) -> ActionResult:
    """Run the action that a clicked choice button stands for. Raises Refused."""
    handler = _handlers[button.prompt]
    try:
        return handler(button.game_id, button.number, button.choice, Actor(user, EntryPoint.BUTTON), now)
    except Refused as refused:
        # Forged custom ids must not reveal which games exist.
        raise Refused(outdated_refusal()) if refused.refusal.code == "unknown_game" else refused from None


def outdated_refusal() -> Refusal:
    """Return the refusal for a button that is no longer current."""
    return Refusal("outdated", OUTDATED_CHOICE)
