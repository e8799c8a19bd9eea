"""All wording about being forgotten."""

from collections.abc import Mapping

UNKNOWN_PERSON = "Nobody is known by that id, so there is nothing to forget."
OPERATORS_STAY = "Whoever runs this site is not forgotten. Have another operator take the rights away first."
ONE_AT_A_TIME = "Choose one person: forgetting cannot be undone. Nothing was forgotten."
BEING_SENT = "A message is on its way at this moment. Nothing was forgotten; try again in half a minute."
NOT_CONFIRMED = "Tick the box to say that you mean it. Nothing was forgotten."
CONFIRM_LABEL = "Forget me for good"
FORGOTTEN = "You are forgotten, and logged out."

COUNTS = {
    "handed_over": "games to come are offered to co-hosts and managers",
    "deleted": "drafts are deleted",
    "left": "seats and places on wait lists are given up",
    "past_games": "past games show “Somebody”",
    "blocks": "blocks are kept, with the id and without the name",
}


def would_forget(name: str, numbers: Mapping[str, int]) -> str:
    lines = [f"  {count} {COUNTS[what]}" for what, count in numbers.items()]
    return "\n".join([f"Nothing was changed. With --yes, {name} is forgotten for good:", *lines])


def forgotten_by_command(user_id: int) -> str:
    return f"{user_id} is forgotten."
