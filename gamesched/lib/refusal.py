"""Refusals as values, with a sentence for people."""

from dataclasses import dataclass, field

from django.utils.translation import gettext


@dataclass(frozen=True)
class Refusal:
    """Why a rule refused.

    `code` is a stable word for programs, `sentence` tells people what happened and what to do next, and `fields`
    has a sentence for each invalid form field.
    """

    code: str
    sentence: str
    fields: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Rules name constants; here they become sentences for whoever is refused.
        object.__setattr__(self, "sentence", gettext(self.sentence))
        object.__setattr__(self, "fields", {name: gettext(text) for name, text in self.fields.items()})


class Refused(Exception):
    """Raised by an action with its Refusal, which rolls back the transaction."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal
