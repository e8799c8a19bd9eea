"""What the rooms above are told of: sent in the transaction that wrote it down."""

from django.dispatch import Signal

# guild_id, user_id, now: somebody left a guild, or has other roles there.
member_changed = Signal()
