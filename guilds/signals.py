"""Signals for higher layers, sent in the transaction that saves the change."""

from django.dispatch import Signal

# guild_id, user_id, now: a member left a guild, or their roles changed.
member_changed = Signal()

# user_id, names: a person is forgotten; delete what is kept of them, and what they were called.
person_forgotten = Signal()
