"""The files of the pages."""

from pathlib import Path


def read_asset(name: str) -> str:
    """The text of a file in this folder, read anew each time: it is a development tool."""
    return (Path(__file__).parent / name).read_text()
