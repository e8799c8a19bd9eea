"""Reads one picture in a program of its own: from standard input, to standard output.

    python -m games.pictures.child MEGABYTES

Its memory is bounded by the system, and whoever starts it ends it when it takes too long: what a file's headers say
does not bound what its decoder does. It has no settings and no secrets.
"""

import contextlib
import sys

from games.pictures.encoding import BadPicture, EncodedPicture, read_picture

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]


def main(megabytes: int) -> None:
    """Write what was read, or the problem with it."""
    sent = sys.stdin.buffer.read()
    _limit_memory(megabytes * 1024 * 1024)
    try:
        answer = read_picture(sent).packed()
    except BadPicture as bad:
        answer = EncodedPicture.packed_problem(bad.problem)
    sys.stdout.buffer.write(answer)


def _limit_memory(most: int) -> None:
    if resource is None:
        return
    # Refused where less is allowed already, and by macOS.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main(int(sys.argv[1]))
