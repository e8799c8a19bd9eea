"""All wording about being forgotten."""

from collections.abc import Mapping

UNKNOWN_PERSON = "We don't know anyone by that id, so there's nothing to forget."
OPERATORS_STAY = "We can't forget an operator. Ask another operator to remove the rights first."
ONE_AT_A_TIME = "Choose one person: you can't undo forgetting. Nobody was forgotten."
BEING_SENT = "We're sending a message right now. Nothing was forgotten; try again in half a minute."
NOT_CONFIRMED = "Tick the box to confirm. Nothing was forgotten."
CONFIRM_LABEL = "Forget me for good"
FORGOTTEN = "You're forgotten and logged out."

COUNTS = {
    "handed_over": "upcoming games go to co-hosts and managers as an offer",
    "deleted": "drafts are deleted",
    "left": "seats and wait-list places are freed",
    "past_games": "past games show “Someone”",
    "blocks": "blocks stay, with the id and without the name",
}


def would_forget(name: str, numbers: Mapping[str, int]) -> str:
    lines = [f"  {count} {COUNTS[what]}" for what, count in numbers.items()]
    return "\n".join([f"Nothing changed. Add --yes to forget {name} for good:", *lines])


def forgotten_by_command(user_id: int) -> str:
    return f"{user_id} is forgotten."
