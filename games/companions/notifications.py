"""Registers each kind of companion, so that notifyd keeps it current."""

from games.companions.base import register_companion
from games.companions.role import ROLE
from games.companions.thread import THREAD
from games.companions.voice import VOICE

register_companion(THREAD)
register_companion(VOICE)
register_companion(ROLE)
