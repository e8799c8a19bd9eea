"""Shards: the parts that Discord's gateway has for a bot in many servers, each with a connection of its own.

https://docs.discord.com/developers/events/gateway#sharding
"""

from dataclasses import dataclass

from django.db.models import F, Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact


@dataclass(frozen=True)
class Shard:
    """One of `count` shards, which has every guild whose id says so, and the first one also what is in no guild."""

    number: int
    count: int

    def holds(self, guild_id: str) -> Q | Exact:
        """Return the filter of a query for what this shard has; `guild_id` names the field."""
        if self.count == 1:
            return Q()
        return Exact(Mod(F(guild_id).bitrightshift(22), self.count), self.number)

    def __str__(self) -> str:
        return f"shard {self.number} of {self.count}"


WHOLE = Shard(0, 1)  # of a bot that isn't sharded
