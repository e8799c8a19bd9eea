"""Every kind of fault. Its docstring is shown to people, by the page's panel and `GET /sandbox/faults/kinds`."""

from gamesched.local_discord.faults import registry
from gamesched.local_discord.faults.kinds import bot, channels, connection, events, messages, people, requests

# In the panel's order.
_GROUPS = [module.GROUP for module in (messages, channels, events, people, bot, requests, connection)]
KINDS = dict(sorted(registry.KINDS.items(), key=lambda item: _GROUPS.index(item[1].group)))
