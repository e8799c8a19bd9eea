"""The buttons and the select under /game series. Their custom ids contain all state; nothing is kept in memory."""

import re
from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot.interactions.handlers import receiving_client
from discord_bot.interactions.series_state import PATTERN, SeriesAction, SeriesChoice
from games.series import wording
from games.series.overview import SeriesDate
from gamesched.lib.ids import parse_id


class SeriesButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=PATTERN):
    """A button under the reply."""

    def __init__(self, choice: SeriesChoice, label: str = "", style: str = "secondary") -> None:
        super().__init__(
            discord.ui.Button(label=gettext(label), style=discord.ButtonStyle[style], custom_id=choice.custom_id)
        )
        self.choice = choice

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "SeriesButton":
        return cls(SeriesChoice.parse(match.string) or SeriesChoice(SeriesAction.SHOW, 0))

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).series.press(interaction, self.choice)


class SeriesSelect(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"^series:date:(?P<game>[0-9]{1,19})$"):
    """The next dates: choosing one skips it, or takes it in again. Its value says which, so twice is once."""

    def __init__(self, game_id: int, dates: tuple[SeriesDate, ...] = ()) -> None:
        options = [
            discord.SelectOption(
                label=wording.date_text(one.day),
                value=SeriesChoice(
                    SeriesAction.UNSKIP if one.skipped else SeriesAction.SKIP, game_id, one.day.toordinal()
                ).custom_id,
                description=gettext(wording.UNSKIP_THIS) if one.skipped else gettext(wording.SKIP_THIS),
            )
            for one in dates
        ]
        super().__init__(
            discord.ui.Select(
                custom_id=f"series:date:{game_id}", placeholder=gettext(wording.CHOOSE_DATE), options=options
            )
        )
        self.game_id = game_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "SeriesSelect":
        return cls(parse_id(match["game"]) or 0)

    async def callback(self, interaction: discord.Interaction) -> None:
        # From the interaction itself: the item was made anew, without options.
        values: list[str] = dict(interaction.data or {}).get("values") or []  # type: ignore[assignment]
        choice = SeriesChoice.parse(str(values[0])) if values else None
        shown = SeriesChoice(SeriesAction.SHOW, self.game_id)
        is_date = choice is not None and choice.action in {SeriesAction.SKIP, SeriesAction.UNSKIP}
        await receiving_client(interaction).series.press(interaction, choice if choice and is_date else shown)
