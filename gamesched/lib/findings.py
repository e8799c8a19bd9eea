"""What a check of a running site, or of one that is set up, found."""

from dataclasses import dataclass
from datetime import timedelta

MAX_SKEW = timedelta(seconds=30)


@dataclass(frozen=True)
class Finding:
    """What was found by one check; `next_step` is empty if all is well."""

    check: str
    what: str
    next_step: str = ""

    @property
    def is_well(self) -> bool:
        return not self.next_step

    def __str__(self) -> str:
        """Return it as terminals show it: a sign, what was found, and below it what to do."""
        line = f"{'ok  ' if self.is_well else 'BAD '}{self.check}: {self.what}"
        return f"{line}\n      {self.next_step}" if self.next_step else line


def clock_finding(name: str, skew: timedelta) -> Finding:
    """Return what a clock's difference from this machine's means."""
    what = f"It differs from this machine's by {skew.total_seconds():.0f} s."
    return Finding(name, what, "Have both machines keep time by NTP." if skew > MAX_SKEW else "")
