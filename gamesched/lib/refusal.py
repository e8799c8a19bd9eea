"""A refusal is a value with a sentence fit for people."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refusal:
    """Why a rule said no.

    `code` is a stable word for programs, `sentence` says what happened and what to do next, and `fields`
    holds a sentence for each field of a form that is wrong.
    """

    code: str
    sentence: str
    fields: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """Carries a Refusal out of a verb, rolling its transaction back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal
