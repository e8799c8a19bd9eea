"""What buttons and commands need of the bot, so that neither imports it."""

from collections.abc import Collection, Sequence
from typing import Protocol, cast

import discord

from discord_bot.interactions.command_use import Work
from discord_bot.interactions.line_state import LineState
from discord_bot.interactions.log import InteractionLog
from discord_bot.interactions.series_state import SeriesChoice
from games.core.choices import PromptChoice
from games.pages.game_list import ListKind, ListOptions


class HandlesSignups(Protocol):
    async def handle(self, interaction: discord.Interaction, game_id: int | None, action: str) -> None: ...


class HandlesGameLists(Protocol):
    async def handle(
        self, interaction: discord.Interaction, name: str, which: ListKind, options: ListOptions, page: int = 1
    ) -> None: ...


class HandlesChoices(Protocol):
    async def handle(self, interaction: discord.Interaction, choice: PromptChoice) -> None: ...


class HandlesModals(Protocol):
    async def open(self, interaction: discord.Interaction, custom_id: str) -> None: ...


class HandlesPolls(Protocol):
    async def handle(
        self, interaction: discord.Interaction, name: str, poll_id: int | None, values: Sequence[int] | None
    ) -> None: ...


class HandlesCreation(Protocol):
    async def start(
        self,
        interaction: discord.Interaction,
        text: str,
        state: LineState | str,
        beside: Collection[str],
        picture: discord.Attachment | None = None,
    ) -> None: ...

    async def press(self, interaction: discord.Interaction, state: LineState) -> None: ...


class HandlesGameCommands(Protocol):
    async def handle(
        self, interaction: discord.Interaction, name: str, work: Work, typed: Collection[str] = ()
    ) -> None: ...

    async def choose_people(self, interaction: discord.Interaction, message_id: int) -> None: ...


class HandlesSeries(Protocol):
    async def start(self, interaction: discord.Interaction, game_id: int | None, typed: str, until: str) -> None: ...

    async def press(self, interaction: discord.Interaction, choice: SeriesChoice) -> None: ...


class Handlers(Protocol):
    """The bot, as far as components and commands need it."""

    @property
    def log(self) -> InteractionLog: ...

    @property
    def signups(self) -> HandlesSignups: ...

    @property
    def game_list(self) -> HandlesGameLists: ...

    @property
    def choices(self) -> HandlesChoices: ...

    @property
    def modals(self) -> HandlesModals: ...

    @property
    def polls(self) -> HandlesPolls: ...

    @property
    def game_commands(self) -> HandlesGameCommands: ...

    @property
    def creation(self) -> HandlesCreation: ...

    @property
    def series(self) -> HandlesSeries: ...


def receiving_client(interaction: discord.Interaction) -> Handlers:
    """Return the client that received the interaction."""
    return cast(Handlers, interaction.client)
