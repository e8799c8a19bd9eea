"""Join and Leave under an announcement. The button's id carries the game; nothing is kept in memory."""

import re
from typing import TYPE_CHECKING, Any, Literal, cast

import discord

from gamesched.lib.ids import parse_id

if TYPE_CHECKING:
    from discord_bot.bot import Bot

Verb = Literal["join", "leave"]

LABELS: dict[str, tuple[str, discord.ButtonStyle]] = {
    "join": ("Join", discord.ButtonStyle.success),
    "leave": ("Leave", discord.ButtonStyle.secondary),
}


class SignupButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"^game:(?P<id>[0-9]{1,19}):(?P<verb>join|leave)$"
):
    """One of the two buttons of a game."""

    def __init__(self, game_id: int | None, verb: Verb) -> None:
        label, style = LABELS[verb]
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"game:{game_id or 0}:{verb}"))
        self.game_id = game_id
        self.verb = verb

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "SignupButton":
        return cls(parse_id(match["id"]), cast(Verb, match["verb"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        bot = cast("Bot", interaction.client)
        await bot.clicks.answer(interaction, self.game_id, self.verb)
