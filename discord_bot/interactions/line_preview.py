"""The reply to a line as a layout: a sentence, the post as Discord will show it, and the line, which is read back.

Nothing is stored before the game is posted: what was written and the picture that was sent stand in the reply itself.
"""

import re
from dataclasses import dataclass
from typing import Any

import discord
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from discord_bot.interactions.line_buttons import LineButton
from discord_bot.post_layout import announcement_layout
from games.core.escaping import cut_message
from games.core.setting_kinds import PICTURE_NAME
from games.posts.announcement import AnnouncementView
from games.posts.post_texts import TEXT_TOTAL
from games.scheduling import line_wording

TEXT_SHOWN = 800  # characters above the post: overlapping games have no limit
BUTTONS_IN_A_ROW = 5
# Behind each backtick, so that none of the line ends its block: it is shown as nothing, and taken out again.
_BEHIND_BACKTICK = "\u2063"
_WRITTEN = re.compile(
    r"(?:```\n(?P<line>.*)\n```)?\n?(?:-# \[[^\]]+\]\(\S+/(?P<cover>" + PICTURE_NAME.pattern + r")\.webp\))?"
)


@dataclass(frozen=True)
class Written:
    """What somebody wrote: the line, and the stored picture that came with it."""

    line: str = ""
    cover: str = ""

    @property
    def text(self) -> str:
        """Return it as the reply shows it; '' for nothing."""
        line = self.line.replace("`", f"`{_BEHIND_BACKTICK}")
        picture = settings.PUBLIC_URL + reverse("picture", args=[self.cover]) if self.cover else ""
        parts = (
            f"```\n{line}\n```" if line else "",
            f"-# [{gettext(line_wording.WITH_PICTURE)}]({picture})" if picture else "",
        )
        return "\n".join(filter(None, parts))

    @classmethod
    def read(cls, message: discord.Message | None) -> "Written":
        """Return what a reply was made from; one from before there were layouts has the line as an embed's footer."""
        if message is None:
            return cls()
        if not message.flags.components_v2:
            return cls(next((embed.footer.text for embed in message.embeds if embed.footer.text), ""))
        texts = [one.content for one in message.components if isinstance(one, discord.TextDisplay)]
        match = _WRITTEN.fullmatch(texts[-1]) if texts else None
        if match is None:
            return cls()
        return cls((match["line"] or "").replace(f"`{_BEHIND_BACKTICK}", "`"), match["cover"] or "")


def line_layout(
    text: str, written: Written, post: AnnouncementView | None, buttons: tuple[LineButton, ...], web_url: str
) -> discord.ui.LayoutView:
    """Return the reply within Discord's limits. The post has its buttons too, which cannot be pressed yet."""
    text, shown = cut_message(text, TEXT_SHOWN), written.text
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(discord.ui.TextDisplay(text))
    if post is not None:
        for item in announcement_layout(post, TEXT_TOTAL - len(text) - len(shown), is_preview=True).children:
            layout.add_item(item)
    if shown:
        layout.add_item(discord.ui.TextDisplay(shown))
    items: list[discord.ui.Item[Any]] = [*buttons]
    if web_url:
        items.append(discord.ui.Button(label=gettext(line_wording.MORE_ON_WEB), url=web_url))
    for begin in range(0, len(items), BUTTONS_IN_A_ROW):
        layout.add_item(discord.ui.ActionRow(*items[begin : begin + BUTTONS_IN_A_ROW]))
    layout.stop()  # so that discord.py does not keep it: the ids suffice
    return layout
