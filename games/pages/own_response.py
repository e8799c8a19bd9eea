"""The responses on a game's page, and what the viewer can respond."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from games.core.roster import GamePeople
from games.models import Game, GameResponse
from games.scheduling.allowed_actions import AllowedActions
from games.signups import wording as signup_wording
from guilds.display_names import DisplayName


@dataclass(frozen=True)
class ResponseRow:
    """One user's response, as a line of a list."""

    name: str
    avatar_url: str
    note: str
    is_viewer: bool


@dataclass(frozen=True)
class ResponsesView:
    """The lists of responses, each with its heading, and what the viewer can do now.

    `kinds` are the responses that they can give, with their labels; `kind` is theirs.
    """

    lists: tuple[tuple[str, list[ResponseRow]], ...]
    kind: str
    kinds: tuple[tuple[str, str], ...]
    may_withdraw: bool
    may_note: bool
    note: str
    may_add_guest: bool
    guest: str
    may_remove_guest: bool

    @property
    def has_content(self) -> bool:
        """Return whether the viewer has responded or can respond."""
        return bool(self.kind or self.kinds or self.may_note or self.may_add_guest or self.guest)


def responses_view(
    game: Game, people: GamePeople, names: Mapping[int, DisplayName], allowed: AllowedActions
) -> ResponsesView:
    """Return all that the page shows this viewer of responses."""
    viewer_id = allowed.viewer.person.pk if allowed.viewer is not None else 0
    responses = people.responses if game.settings.answers else []
    signup = next((row for row in people.signups if row.user_id == viewer_id), None)
    response = next((row for row in responses if row.user_id == viewer_id), None)
    guest = next((one for one in people.signups if signup is not None and one.guest_of_id == signup.pk), None)
    noted_row = signup or response
    return ResponsesView(
        lists=tuple(
            (
                signup_wording.heading(kind.value, len(of_kind)),
                [
                    ResponseRow(names[o.user_id].text, names[o.user_id].avatar_url, o.note, o.user_id == viewer_id)
                    for o in of_kind
                ],
            )
            for kind in GameResponse.Kind
            if (of_kind := [row for row in responses if row.kind == kind])
        ),
        kind=response.kind if response is not None else "",
        kinds=tuple(
            (k, gettext(label)) for k, label in signup_wording.LABELS.items() if response is None or k != response.kind
        )
        if allowed.respond
        else (),
        may_withdraw=response is not None and allowed.withdraw_response,
        may_note=noted_row is not None and allowed.note,
        note=noted_row.note if noted_row is not None else "",
        may_add_guest=signup is not None and guest is None and allowed.add_guest,
        guest=guest.guest_name if guest is not None else "",
        may_remove_guest=guest is not None and allowed.remove_guest,
    )
