"""What a test says of a refusal: its code, which stays when the sentence is worded anew."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gamesched.lib.refusal import Refused


@contextmanager
def refuses(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """Assert that what is called inside is refused with this code."""
    with pytest.raises(Refused) as refused:
        yield refused
    assert refused.value.refusal.code == code
