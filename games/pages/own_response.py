"""What a game's page shows of people's other answers, and what it lets the viewer say."""

from dataclasses import dataclass
from datetime import datetime

from games.core.states import GameAction, is_allowed
from games.models import Game, GameResponse, Signup
from games.signups import wording as signup_wording
from games.signups.rules import signup_block_reason
from guilds.display_names import display_names
from guilds.models import User


@dataclass(frozen=True)
class ResponseRow:
    """Somebody's other answer, as a line of a list."""

    name: str
    avatar_url: str
    note: str
    is_viewer: bool


@dataclass(frozen=True)
class ResponsesView:
    """The lists of other answers, each with its heading, and what the viewer can say now.

    `kinds` are the answers that they can give, with their labels; `kind` is theirs.
    """

    lists: tuple[tuple[str, list[ResponseRow]], ...]
    kind: str
    kinds: tuple[tuple[str, str], ...]
    may_withdraw: bool
    may_note: bool
    note: str
    note_max: int
    may_add_guest: bool
    guest: str
    may_remove_guest: bool

    @property
    def has_content(self) -> bool:
        """Whether there is anything that the viewer said or can say."""
        return bool(self.kind or self.kinds or self.may_note or self.may_add_guest or self.guest)


def responses_view(game: Game, viewer: User, now: datetime) -> ResponsesView:
    """Everything about other answers that the page shows to this viewer."""
    responses = list(game.other_answers.all()) if game.settings.answers else []
    names = display_names(game.guild_id, [one.user_id for one in responses])
    signup = Signup.objects.current().filter(game=game, user=viewer).first()
    response = next((one for one in responses if one.user_id == viewer.pk), None)
    guest = signup.guests.filter(left_at=None).first() if signup is not None else None
    state = game.state(now)
    open_to_them = not signup_block_reason(game, now, viewer)
    may_respond = (
        game.settings.answers and is_allowed(GameAction.RESPOND, state) and (open_to_them or signup is not None)
    )
    noted_row = signup or response
    return ResponsesView(
        lists=tuple(
            (
                signup_wording.heading(kind.value, len(of_kind)),
                [
                    ResponseRow(names[o.user_id].text, names[o.user_id].avatar_url, o.note, o.user_id == viewer.pk)
                    for o in of_kind
                ],
            )
            for kind in GameResponse.Kind
            if (of_kind := [one for one in responses if one.kind == kind])
        ),
        kind=response.kind if response is not None else "",
        kinds=tuple((k, label) for k, label in signup_wording.LABELS.items() if response is None or k != response.kind)
        if may_respond
        else (),
        may_withdraw=response is not None and is_allowed(GameAction.LEAVE, state),
        may_note=noted_row is not None and is_allowed(GameAction.NOTE, state),
        note=noted_row.note if noted_row is not None else "",
        note_max=signup_wording.NOTE_MAX,
        may_add_guest=signup is not None and guest is None and game.settings.plus_one and open_to_them,
        guest=guest.placeholder if guest is not None else "",
        may_remove_guest=guest is not None and is_allowed(GameAction.JOIN, state),
    )
