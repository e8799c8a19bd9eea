"""The operator's door to games, one file for each subject. It calls verbs; nothing here writes a table."""

from games.admin import audit, games, levels, people, signups

__all__ = ["audit", "games", "levels", "people", "signups"]
