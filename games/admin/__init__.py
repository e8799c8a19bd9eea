"""The operator's entry point to games. Each feature folder registers its own part; nothing here writes a table."""

import games
from games.admin import audit
from gamesched.lib.autodiscovery import import_from_folders

import_from_folders(games, "admin")

__all__ = ["audit"]
