"""An agenda in Discord's Components V2: its text, and a link to the server's page.

https://docs.discord.com/developers/components/reference
"""

from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot.post_layout import COLOURS
from games.agenda import wording
from games.agenda.post import AgendaPost
from games.core.states import State


def agenda_message(post: AgendaPost) -> dict[str, Any]:
    """Return the agenda, as arguments of discord.py's send and edit."""
    link: discord.ui.Button[Any] = discord.ui.Button(label=gettext(wording.OPEN_PAGE), url=post.url)
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(
        discord.ui.Container(
            discord.ui.TextDisplay(post.text), discord.ui.ActionRow(link), accent_colour=COLOURS[State.SCHEDULED]
        )
    )
    layout.stop()
    return {"view": layout}
