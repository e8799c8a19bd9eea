"""The admin site: guilds' own settings say, together with Discord, who manages them."""

from collections.abc import Collection

from games.standing import managed_guild_ids
from guilds.models import User
from guilds.operators import OperatorSite


class Site(OperatorSite):
    """Opened by what a person is now."""

    def managed(self, user: User) -> Collection[int]:
        return managed_guild_ids(user)
