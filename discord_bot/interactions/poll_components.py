"""The select and the button under a poll. Their custom ids contain all state; nothing is kept in memory."""

import re
from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot.interactions.handlers import receiving_client
from games.polls import wording as poll_wording
from games.polls.post import PollChoice
from gamesched.lib.ids import parse_id


class PollSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"^poll:(?P<poll>[0-9]{1,19}):times$",
):
    """The select in which a person ticks all times at which they can come; choosing nothing takes all back."""

    def __init__(self, poll_id: int | None, choices: tuple[PollChoice, ...] = ()) -> None:
        options = [
            discord.SelectOption(
                label=one.label, value=str(one.option_id), description=one.description, default=one.ticked
            )
            for one in choices
        ]
        super().__init__(
            discord.ui.Select(
                custom_id=f"poll:{poll_id or 0}:times",
                placeholder=gettext(poll_wording.CHOOSE),
                min_values=0,
                max_values=max(len(options), 1),
                options=options,
            )
        )
        self.poll_id = poll_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "PollSelect":
        return cls(parse_id(match["poll"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        # From the interaction itself: the item was made anew, without options.
        sent: dict[str, Any] = dict(interaction.data or {})
        values = [parse_id(str(one)) or 0 for one in sent.get("values") or ()]
        await receiving_client(interaction).polls.handle(interaction, self.custom_id, self.poll_id, values)


class PollButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"^poll:(?P<poll>[0-9]{1,19}):game$",
):
    """The button by which those who manage a poll make it a game."""

    def __init__(self, poll_id: int | None) -> None:
        super().__init__(
            discord.ui.Button(label=gettext(poll_wording.MAKE_GAME), custom_id=f"poll:{poll_id or 0}:game")
        )
        self.poll_id = poll_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "PollButton":
        return cls(parse_id(match["poll"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).polls.handle(interaction, self.custom_id, self.poll_id, None)
