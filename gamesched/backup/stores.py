"""Where backups are kept: a folder, or a bucket of an S3-compatible store."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from gamesched.backup.problems import BackupProblem
from gamesched.lib.outage import first_line

S3 = "s3://"
PIECE = 1 << 20  # bytes read at a time
# Few wait to be sent, in memory; a store takes 10,000 parts, so up to 160 GB.
PART, PARTS_AT_ONCE = 16 << 20, 2
NAME = re.compile(r"games-(\d{8}T\d{6}Z)\.dump(\.enc)?")
UNVERIFIED = ".unverified"  # ends the name of one that is not known to be good
RETRIES = {"max_retries": 4, "retry_timeout": timedelta(minutes=1)}


@dataclass(frozen=True)
class StoredBackup:
    """One backup that can be restored."""

    name: str
    size: int  # bytes
    made_at: datetime


def backup_name(made_at: datetime, is_encrypted: bool) -> str:
    """Return the name of a backup, which says when it was made."""
    return f"games-{made_at:%Y%m%dT%H%M%SZ}.dump{'.enc' if is_encrypted else ''}"


class Store:
    """The backups in one place. What goes wrong there is a BackupProblem."""

    def __init__(self, place: str) -> None:
        self.place = place
        with self._problems():
            self._store = _open(place)

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store a stream under a name, once it is whole."""
        with self._problems():
            obstore.put(self._store, name, pieces, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield what is stored under a name."""
        with self._problems():
            for piece in obstore.get(self._store, name).stream(min_chunk_size=PIECE):
                yield bytes(piece)

    def rename(self, name: str, new_name: str) -> None:
        """Give what is stored another name."""
        with self._problems():
            obstore.rename(self._store, name, new_name)

    def delete(self, name: str) -> None:
        """Delete what is stored under a name."""
        with self._problems():
            obstore.delete(self._store, name)

    def backups(self) -> list[StoredBackup]:
        """Return the verified backups, the newest first."""
        found = []
        for name, size in self._files():
            if match := NAME.fullmatch(name):
                made_at = datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                found.append(StoredBackup(name, size, made_at))
        return sorted(found, key=lambda one: one.made_at, reverse=True)

    def unverified(self) -> list[str]:
        """Return the names of what was never verified: whoever made it was killed."""
        names = (name for name, _ in self._files())
        return [name for name in names if NAME.fullmatch(name.removesuffix(UNVERIFIED)) and name.endswith(UNVERIFIED)]

    def _files(self) -> list[tuple[str, int]]:
        with self._problems():
            return [(one["path"], one["size"]) for page in obstore.list(self._store) for one in page]

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as reason:
            what = f"{self.place} can't be used: {first_line(reason)}"
            hint = "Check BACKUP_TO, and the variables AWS_..." if self.place.startswith(S3) else "Check BACKUP_TO."
            raise BackupProblem(f"{what}\n{hint}") from None


def read_file(path: Path) -> Iterator[bytes]:
    """Yield what a file holds."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _open(place: str) -> LocalStore | S3Store:
    if place.startswith(S3):
        is_plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        return S3Store.from_url(place, client_options={"allow_http": is_plain}, retry_config=RETRIES)  # type: ignore[arg-type]
    Path(place).mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(place)
