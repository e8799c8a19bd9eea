"""Encryption of a stream with a key: chunks that are each authenticated, in their order, to the last one."""

import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gamesched.backup.problems import BackupProblem

MAGIC = b"gamesched backup 1\n"
SALT = 16  # bytes; with a key of its own for each file, a counter is a nonce
CHUNK = 1 << 20  # bytes of plain text
COST = 1 << 15  # of a key: 32 MB and a tenth of a second, for one that someone made up
TAG = 16  # bytes that authenticate a chunk


def encrypt(pieces: Iterable[bytes], key: str) -> Iterator[bytes]:
    """Yield the encrypted stream."""
    header = MAGIC + os.urandom(SALT)
    cipher = _cipher(header, key)
    yield header
    for number, (chunk, is_last) in enumerate(_chunks(pieces, CHUNK)):
        yield cipher.encrypt(_nonce(number, is_last), chunk, header)


def decrypt(pieces: Iterable[bytes], key: str) -> Iterator[bytes]:
    """Yield the plain stream; what comes is authentic, and whole once it ends. Raise BackupProblem."""
    stream = iter(pieces)
    start = b""
    while len(start) < len(MAGIC) + SALT and (piece := next(stream, b"")):
        start += piece
    if not start.startswith(MAGIC):
        if key:  # or whoever can write to the store could put one of theirs there
            raise BackupProblem("The backup isn't encrypted.\nTo restore it all the same, unset BACKUP_KEY.")
        yield start
        yield from stream
        return
    if not key:
        raise BackupProblem("The backup is encrypted.\nSet BACKUP_KEY to its key.")
    header, start = start[: len(MAGIC) + SALT], start[len(MAGIC) + SALT :]
    cipher = _cipher(header, key)
    for number, (chunk, is_last) in enumerate(_chunks(_after(start, stream), CHUNK + TAG)):
        try:
            yield cipher.decrypt(_nonce(number, is_last), chunk, header)
        except InvalidTag:
            raise BackupProblem(_wrong(number)) from None


def _wrong(number: int) -> str:
    if number:
        return "The backup is damaged or cut short.\nRestore an earlier one."
    return "BACKUP_KEY isn't this backup's key, or the backup is damaged.\nSet it to the key of when it was made."


def _cipher(header: bytes, key: str) -> AESGCM:
    return AESGCM(Scrypt(salt=header[-SALT:], length=32, n=COST, r=8, p=1).derive(key.encode()))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _after(start: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from stream


def _chunks(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the stream in chunks of a size, and whether each is the last; there is always a last one."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) > size:
            yield bytes(rest[:size]), False
            del rest[:size]
    yield bytes(rest), True
