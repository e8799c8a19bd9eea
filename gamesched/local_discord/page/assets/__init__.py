"""The pages' files."""

from pathlib import Path


def read_asset(name: str) -> str:
    """Return the text of a file in this folder, read each time: it is a development tool."""
    return (Path(__file__).parent / name).read_text()
