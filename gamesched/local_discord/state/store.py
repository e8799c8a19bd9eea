"""The state file: one SQLite table of JSON documents, so that messages survive a restart."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """Documents by kind and id. Every write has reached the operating system when the call returns.

    Raises sqlite3.Error if the file cannot be opened or is something else.
    """

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        # A killed process loses nothing this way; only a crash of the machine could, which is acceptable here.
        self._db.execute("pragma synchronous = off")
        self._db.execute("pragma journal_mode = wal")
        self._db.execute(
            "create table if not exists thing (kind text, id integer, body text, primary key (kind, id)) without rowid"
        )

    def put(self, kind: str, key: int, body: Any) -> None:
        self._db.execute("insert or replace into thing values (?, ?, ?)", (kind, key, json.dumps(body)))

    def delete(self, kind: str, key: int) -> None:
        self._db.execute("delete from thing where kind = ? and id = ?", (kind, key))

    def all(self, kind: str) -> Iterator[Any]:
        for (body,) in self._db.execute("select body from thing where kind = ? order by id", (kind,)):
            yield json.loads(body)

    def close(self) -> None:
        self._db.close()
