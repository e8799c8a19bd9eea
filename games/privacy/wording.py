"""All wording about being forgotten."""

from collections.abc import Mapping

from django.utils.translation import gettext_noop

UNKNOWN_PERSON = gettext_noop("We don't know anyone by that id, so there's nothing to forget.")
OPERATORS_STAY = gettext_noop("We can't forget an operator. Ask another operator to remove the rights first.")
ONE_AT_A_TIME = gettext_noop("Choose one person: you can't undo forgetting. Nobody was forgotten.")
BEING_SENT = gettext_noop("We're sending a message right now. Nothing was forgotten; try again in half a minute.")
NOT_CONFIRMED = gettext_noop("Tick the box to confirm. Nothing was forgotten.")
CONFIRM_LABEL = gettext_noop("Forget me for good")
FORGOTTEN = gettext_noop("You're forgotten and logged out.")

COUNTS = {
    "handed_over": gettext_noop("upcoming games go to co-hosts and managers as an offer"),
    "deleted": gettext_noop("drafts are deleted"),
    "left": gettext_noop("seats and wait-list places are freed"),
    "past_games": gettext_noop("past games show “Someone”"),
    "blocks": gettext_noop("blocks stay, with the id and without the name"),
}


def would_forget(name: str, numbers: Mapping[str, int]) -> str:
    lines = [f"  {count} {COUNTS[what]}" for what, count in numbers.items()]
    return "\n".join([f"Nothing changed. Add --yes to forget {name} for good:", *lines])


def forgotten_by_command(user_id: int) -> str:
    return f"{user_id} is forgotten."
