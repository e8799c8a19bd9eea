"""What a game's page shows of people's other answers, and what it lets the viewer say."""

from dataclasses import dataclass
from datetime import datetime

from games.core.states import allowed
from games.models import Game, OtherAnswer, Signup
from games.signups import wording as signup_wording
from games.signups.rules import why_closed
from guilds.display_names import display_names
from guilds.models import User


@dataclass(frozen=True)
class Said:
    """Somebody's other answer, as a line of a list."""

    name: str
    avatar_url: str
    note: str
    is_viewer: bool


@dataclass(frozen=True)
class OwnAnswers:
    """The lists of other answers, each with its heading, and what the viewer can say now.

    `kinds` are the answers that they can give, with their labels; `kind` is theirs.
    """

    lists: tuple[tuple[str, list[Said]], ...]
    kind: str
    kinds: tuple[tuple[str, str], ...]
    take_back: bool
    may_note: bool
    note: str
    note_max: int
    may_bring: bool
    guest: str
    may_unbring: bool

    @property
    def anything(self) -> bool:
        """Whether there is anything that the viewer said or can say."""
        return bool(self.kind or self.kinds or self.may_note or self.may_bring or self.guest)


def own_answers(game: Game, viewer: User, now: datetime) -> OwnAnswers:
    """Everything about other answers that the page shows to this viewer."""
    others = list(game.other_answers.all()) if game.effective.answers else []
    names = display_names(game.guild_id, [one.user_id for one in others])
    mine = Signup.objects.current().filter(game=game, user=viewer).first()
    own = next((one for one in others if one.user_id == viewer.pk), None)
    guest = mine.guests.filter(left_at=None).first() if mine is not None else None
    state = game.state(now)
    open_to_them = not why_closed(game, now, viewer)
    answering = game.effective.answers and allowed("answer", state) and (open_to_them or mine is not None)
    saying = mine or own
    return OwnAnswers(
        lists=tuple(
            (
                signup_wording.heading(kind.value, len(said)),
                [
                    Said(names[o.user_id].text, names[o.user_id].avatar_url, o.note, o.user_id == viewer.pk)
                    for o in said
                ],
            )
            for kind in OtherAnswer.Kind
            if (said := [one for one in others if one.kind == kind])
        ),
        kind=own.kind if own is not None else "",
        kinds=tuple((k, label) for k, label in signup_wording.LABELS.items() if own is None or k != own.kind)
        if answering
        else (),
        take_back=own is not None and allowed("leave", state),
        may_note=saying is not None and allowed("note", state),
        note=saying.note if saying is not None else "",
        note_max=signup_wording.NOTE_MAX,
        may_bring=mine is not None and guest is None and game.effective.plus_one and open_to_them,
        guest=guest.placeholder if guest is not None else "",
        may_unbring=guest is not None and allowed("join", state),
    )
