"""The buttons. Their custom ids contain all state; nothing is kept in memory."""

import re
from typing import Any, Literal, cast

import discord
from django.utils.translation import gettext

from discord_bot.interactions.handlers import receiving_client
from games.core.choices import PromptChoice, PromptKind
from games.pages.game_list import ListKind, ListOptions
from games.posts.wording import BUTTONS
from gamesched.lib.ids import parse_id
from notifications.messages import Button

SignupAction = Literal["join", "leave", "maybe", "cant"]
MODAL_KINDS = ("note", "bring")

LABELS: dict[str, tuple[str, discord.ButtonStyle]] = {
    action: (label, discord.ButtonStyle.success if action == "join" else discord.ButtonStyle.secondary)
    for action, label in BUTTONS.items()
}


class SignupButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"^game:(?P<id>[0-9]{1,19}):(?P<verb>join|leave|maybe|cant)$",
):
    """A sign-up button on a post. The label of Join depends on what it would do."""

    def __init__(self, game_id: int | None, action: SignupAction, label: str = "") -> None:
        usual, style = LABELS[action]
        super().__init__(
            discord.ui.Button(label=gettext(label or usual), style=style, custom_id=f"game:{game_id or 0}:{action}")
        )
        self.game_id = game_id
        self.action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "SignupButton":
        return cls(parse_id(match["id"]), cast(SignupAction, match["verb"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).signups.handle(interaction, self.game_id, self.action)


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=(
        r"^games:(?P<which>list|mine):(?P<page>[0-9]{1,5}):(?P<channel>[0-9]{1,19})"
        r"(?::(?P<flags>p?f?):(?P<text>[\s\S]{0,30}))?$"
    ),
):
    """Earlier or Later under a list. Its custom id, of at most 100 characters, names the list, its options and page."""

    def __init__(self, label: str, which: ListKind, page: int, options: ListOptions) -> None:
        custom_id = f"games:{which}:{page}:{options.channel_id or 0}"
        flags = f"{'p' if options.past else ''}{'f' if options.free else ''}"
        if flags or options.text:
            custom_id += f":{flags}:{options.text}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id))
        self.which, self.page, self.options = which, page, options

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "PageButton":
        flags = match["flags"] or ""
        options = ListOptions(parse_id(match["channel"]), match["text"] or "", free="f" in flags, past="p" in flags)
        return cls("", cast(ListKind, match["which"]), int(match["page"]), options)

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).game_list.handle(
            interaction, self.custom_id, self.which, self.options, self.page
        )


def _to_discord_button(button: Button) -> discord.ui.Button[Any]:
    return discord.ui.Button(label=button.label, style=discord.ButtonStyle[button.style], custom_id=button.id)


class ChoiceButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"^ask:(?P<what>{'|'.join(PromptKind)}):(?P<game>[0-9]{{1,19}}):(?P<number>[0-9]{{1,19}}):(?P<choice>[a-z_]+)$",
):
    """A choice in a prompt about a game, under a notification or an ephemeral reply."""

    def __init__(self, button: Button) -> None:
        super().__init__(_to_discord_button(button))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "ChoiceButton":
        return cls(Button("", match.string))

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).choices.handle(interaction, PromptChoice.parse(self.custom_id))


class ModalButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"^(?P<what>note|bring):(?P<game>[0-9]{1,19})$"
):
    """Opens a modal, under an ephemeral reply: for a note beside one's name, or for a guest."""

    def __init__(self, button: Button) -> None:
        super().__init__(_to_discord_button(button))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "ModalButton":
        return cls(Button("", match.string))

    async def callback(self, interaction: discord.Interaction) -> None:
        await receiving_client(interaction).modals.open(interaction, self.custom_id)
