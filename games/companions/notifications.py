"""Registers each kind of companion, so that notifyd keeps it current."""

from games.companions.base import register_companion
from games.companions.role import ROLE
from games.companions.voice import VOICE

register_companion(VOICE)
register_companion(ROLE)
