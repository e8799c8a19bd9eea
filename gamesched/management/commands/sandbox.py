"""The old name of `manage.py local_discord`, which scripts of operators still use."""

from gamesched.management.commands.local_discord import Command as Command
