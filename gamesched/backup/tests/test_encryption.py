"""An encrypted stream is read whole and as it was written, or not at all."""

import pytest

from gamesched.backup import encryption
from gamesched.backup.encryption import TAG, decrypt, encrypt
from gamesched.backup.problems import BackupProblem

KEY = "k" * 50
CHUNK = 1000
HEADER = len(encryption.MAGIC) + encryption.SALT
FRAME = CHUNK + TAG


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "COST", 2)
    monkeypatch.setattr(encryption, "CHUNK", CHUNK)


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_it_is_read_as_it_was_written(size: int) -> None:
    plain = bytes(n % 251 for n in range(1000)) * (size // 1000 + 1)
    stream = b"".join(encrypt([plain[:7], plain[7:size]] if size > 7 else [plain[:size]], KEY))
    pieces = [stream[:10], stream[10:100], stream[100:]]
    assert b"".join(decrypt(pieces, KEY)) == plain[:size]
    assert plain[:50] not in stream or size < 50


def test_what_was_changed_cut_or_reordered_is_refused() -> None:
    whole = b"".join(encrypt([b"x" * (2 * CHUNK + 5)], KEY))
    header, first, second, last = (
        whole[:HEADER], whole[HEADER : HEADER + FRAME], whole[HEADER + FRAME : HEADER + 2 * FRAME],
        whole[HEADER + 2 * FRAME :],
    )  # fmt: skip
    assert b"".join(decrypt([header, first, second, last], KEY)) == b"x" * (2 * CHUNK + 5)
    for bad in (
        header + first + second,
        header + second + first + last,
        header + first + last,
        header + first + second + last[:-1],
        header[:-1] + b"?" + first + second + last,
        whole[:-1] + bytes([whole[-1] ^ 1]),
    ):
        with pytest.raises(BackupProblem):
            list(decrypt([bad], KEY))
