"""The post of a poll in Discord's Components V2, as compact as the announcement in `post_layout`."""

from typing import Any

import discord
from django.utils.translation import gettext

from discord_bot.interactions.poll_components import PollButton, PollSelect
from discord_bot.post_layout import COLOURS
from games.core.escaping import escape_markdown
from games.core.states import State
from games.models import PollState
from games.polls import wording
from games.polls.post import PollPost
from games.posts.post_texts import TITLE_SHOWN

POLL_COLOURS = {
    PollState.OPEN: COLOURS[State.SCHEDULED],
    PollState.CLOSED: COLOURS[State.COMPLETED],
    PollState.SCHEDULED: COLOURS[State.IN_PROGRESS],
    PollState.CANCELLED: COLOURS[State.CANCELLED],
}


def poll_layout(view: PollPost) -> discord.ui.LayoutView:
    """Return the post within Discord's limits. DynamicItems and links only, as in an announcement."""
    # The title is a link, in which Discord makes no other.
    title = escape_markdown(view.title, TITLE_SHOWN, live_addresses=False)
    head = f"### [{title}]({view.url})\n{view.end_text}"
    thumbnail: discord.ui.Thumbnail[Any] = discord.ui.Thumbnail(view.host_avatar_url, description=view.host_name)
    select: list[discord.ui.Item[Any]] = [PollSelect(view.poll_id, view.choices)] if view.choices else []
    items: list[discord.ui.Item[Any]] = [
        discord.ui.Section(head, accessory=thumbnail),
        discord.ui.TextDisplay("\n".join(view.lines)),
        discord.ui.TextDisplay(f"-# {wording.asked_by(escape_markdown(view.host_name))}"),
        *([discord.ui.ActionRow(*select)] if select else []),
        discord.ui.ActionRow(*poll_buttons(view)),
    ]
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(discord.ui.Container(*items, accent_colour=POLL_COLOURS[view.state]))
    return layout


def poll_buttons(view: PollPost) -> list[discord.ui.Item[Any]]:
    """Return the buttons for what can be done now, and the links to the pages."""
    items: list[discord.ui.Item[Any]] = [PollButton(view.poll_id)] if view.may_become_game else []
    if view.game_url:
        items.append(discord.ui.Button(label=gettext(wording.OPEN_GAME), url=view.game_url))
    items.append(discord.ui.Button(label=gettext(wording.OPEN_PAGE), url=view.url))
    return items
