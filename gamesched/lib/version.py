"""The version, read from the CHANGELOG so that it is kept in one place."""

import re
from pathlib import Path


def _newest_version() -> str:
    text = (Path(__file__).resolve().parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    match = re.search(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)
    return match[1] if match else "0.0.0"


VERSION = _newest_version()
