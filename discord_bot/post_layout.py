"""The announcement in Discord's Components V2: one container that reads well on a phone, people before settings.

https://docs.discord.com/developers/components/reference
"""

from collections.abc import Iterable
from typing import Any, cast

import discord
from django.utils.translation import gettext

from discord_bot.interactions.buttons import SignupAction, SignupButton
from games.core.states import State
from games.models import PostForm
from games.posts import wording
from games.posts.announcement import AnnouncementView
from games.posts.post_texts import TEXT_TOTAL, notified_roles, post_buttons, post_texts
from guilds.languages import in_its_language

COLOURS = {
    State.DRAFT: 0x80848E,
    State.UNANNOUNCED: 0x80848E,
    State.SCHEDULED: 0x5865F2,
    State.IN_PROGRESS: 0x3BA55D,
    State.COMPLETED: 0x80848E,
    State.CANCELLED: 0xDA373C,
    State.ARCHIVED: 0x80848E,
}


@in_its_language
def announcement_layout(
    view: AnnouncementView, room: int = TEXT_TOTAL, is_preview: bool = False
) -> discord.ui.LayoutView:
    """Return the post within Discord's limits, with at most `room` characters.

    DynamicItems and links only: with one ordinary button, discord.py would keep every layout for ever. In a preview,
    which is stopped before it is sent, no button can be pressed.
    """
    roles = notified_roles(view)
    head, *texts = post_texts(view, room - len(roles))
    shown = (view.thumbnail_url, view.title) if view.thumbnail_url else (view.host_avatar_url, view.host_name)
    thumbnail: discord.ui.Thumbnail[Any] = discord.ui.Thumbnail(shown[0], description=shown[1] or None)
    cover = discord.MediaGalleryItem(view.image_url, description=view.title) if view.image_url else None
    items: list[discord.ui.Item[Any]] = [
        discord.ui.Section(head, accessory=thumbnail),
        *([discord.ui.MediaGallery(cover)] if cover is not None else []),
        *(discord.ui.TextDisplay(text) for text in texts if text),
        discord.ui.ActionRow(*(preview_items(view) if is_preview else announcement_items(view))),
    ]
    layout = discord.ui.LayoutView(timeout=None)
    if roles:
        layout.add_item(discord.ui.TextDisplay(roles))
    layout.add_item(discord.ui.Container(*items, accent_colour=COLOURS[view.state]))
    return layout


def announcement_items(view: AnnouncementView) -> list[discord.ui.Item[Any]]:
    """Return the buttons for what can be done now, and the link to the page."""
    items: list[discord.ui.Item[Any]] = [
        SignupButton(view.game_id, cast(SignupAction, action), label) for action, label in post_buttons(view)
    ]
    items.append(discord.ui.Button(label=gettext(wording.OPEN), url=view.url))
    return items


def preview_items(view: AnnouncementView) -> list[discord.ui.Item[Any]]:
    """Return the same buttons for a game that is not there yet: none can be pressed."""
    items: list[discord.ui.Item[Any]] = []
    for item in announcement_items(view):
        if isinstance(item, SignupButton):
            item.item.disabled = True
        else:  # without an address there is no link
            item = discord.ui.Button(label=gettext(wording.OPEN), custom_id="preview:open", disabled=True)
        items.append(item)
    return items


def form_of(message: discord.Message | None) -> PostForm:
    """Return what a received message is made of."""
    is_embed = message is not None and not message.flags.components_v2
    return PostForm.EMBED if is_embed else PostForm.COMPONENTS


def texts_of(components: Iterable[object]) -> str:
    """Return all texts of a received message's components, a line each."""
    found = []
    for component in components:
        found.append(str(getattr(component, "content", None) or ""))
        found.append(texts_of(getattr(component, "children", ())))
    return "\n".join(filter(None, found))
