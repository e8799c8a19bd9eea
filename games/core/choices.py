"""What people are asked by buttons in letters and private lines: an address for each answer, and the verb it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from games.core.base import Actor, Done
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from notifications.messages import Button

FOR_ANOTHER = "This asks somebody else. The game's page shows what you can do."
OUTDATED = "This question is from before. The game's page shows how things stand now."

Answer = Callable[[int, int, str, Actor, datetime], Done]  # game id, the question's number, the choice

_answers: dict[str, Answer] = {}


def register(what: str, answer: Answer) -> None:
    """Have a verb called with the answers to one kind of question. It raises Refused, `outdated` for an old number."""
    _answers[what] = answer


@dataclass(frozen=True)
class Ask:
    """One choice of one question. `number` tells the questions of a kind about the same game apart."""

    what: str
    game_id: int
    number: int
    choice: str

    @property
    def id(self) -> str:
        return f"ask:{self.what}:{self.game_id}:{self.number}:{self.choice}"

    @classmethod
    def parse(cls, text: str) -> "Ask":
        _, what, game_id, number, choice = text.split(":")
        return cls(what, parse_id(game_id) or 0, int(number), choice)

    def button(self, label: str, style: str = "secondary") -> Button:
        """The button under which a letter offers this choice."""
        return Button(label, self.id, style=style)


def answer(ask: Ask, user: User, now: datetime) -> Done:
    """Do what somebody chose. Raises Refused."""
    verb = _answers.get(ask.what)
    if verb is None:
        raise Refused(outdated())
    try:
        return verb(ask.game_id, ask.number, ask.choice, Actor(user, "button"), now)
    except Refused as refused:
        # Nobody is to find out by forged buttons which games there are.
        raise Refused(outdated()) if refused.refusal.code == "unknown_game" else refused from None


def outdated() -> Refusal:
    """The answer to an old button."""
    return Refusal("outdated", OUTDATED)
