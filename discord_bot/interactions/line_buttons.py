"""The buttons under a preview. Their custom ids carry what was chosen beside the line."""

import re
from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot.interactions.handlers import receiving_client
from discord_bot.interactions.line_state import PATTERN, LineState


class LineButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=PATTERN):
    """A button under a preview."""

    def __init__(self, state: LineState, label: str = "", style: str = "secondary") -> None:
        super().__init__(
            discord.ui.Button(label=gettext(label), style=discord.ButtonStyle[style], custom_id=state.custom_id)
        )
        self.state = state

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "LineButton":
        return cls(LineState.parse(match.string) or LineState())

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).creation.press(interaction, self.state)
