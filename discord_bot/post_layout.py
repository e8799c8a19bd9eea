"""The announcement in Discord's Components V2: one container that reads well on a phone, people before settings.

https://docs.discord.com/developers/components/reference
"""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import discord

from discord_bot.interactions.buttons import SignupButton
from games.confirmations.wording import CHANGED
from games.core.escaping import cut_message, escape_markdown
from games.core.states import State
from games.models import PostForm
from games.posts import wording
from games.posts.announcement import AnnouncementView, PeopleList

COLOURS = {
    State.DRAFT: 0x80848E,
    State.UNANNOUNCED: 0x80848E,
    State.SCHEDULED: 0x5865F2,
    State.IN_PROGRESS: 0x3BA55D,
    State.COMPLETED: 0x80848E,
    State.CANCELLED: 0xDA373C,
    State.ARCHIVED: 0x80848E,
}
TEXT_TOTAL = 4000  # characters of all texts of a message together, Discord's limit
TITLE_SHOWN = 400  # characters of an escaped title
FEW_PEOPLE = 8  # up to how many have a line each
DESCRIPTION_CUT = 500  # characters of a long one in a preview
PEOPLE_RESERVED = 200  # characters kept for each list of people, however long the texts before it are


def announcement_layout(
    view: AnnouncementView, room: int = TEXT_TOTAL, is_preview: bool = False
) -> discord.ui.LayoutView:
    """Return the post within Discord's limits, with at most `room` characters.

    Roles that are notified stand above it in every version, else whom the first one pinged would look for why.

    DynamicItems and links only: with one ordinary button, discord.py would keep every layout for ever. In a preview,
    which is stopped before it is sent, no button can be pressed.
    """
    roles = " ".join(f"<@&{role}>" for role in view.notified_role_ids)
    head, *texts = _texts(view, room - len(roles))
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
    items: list[discord.ui.Item[Any]] = []
    if view.may_sign_up:
        if view.join_label:
            items.append(SignupButton(view.game_id, "join", view.join_label))
        if view.join_label and view.takes_responses:
            items += [SignupButton(view.game_id, "maybe"), SignupButton(view.game_id, "cant")]
        items.append(SignupButton(view.game_id, "leave"))
    items.append(discord.ui.Button(label=wording.OPEN, url=view.url))
    return items


def preview_items(view: AnnouncementView) -> list[discord.ui.Item[Any]]:
    """Return the same buttons for a game that is not there yet: none can be pressed."""
    items: list[discord.ui.Item[Any]] = []
    for item in announcement_items(view):
        if isinstance(item, SignupButton):
            item.item.disabled = True
        else:  # without an address there is no link
            item = discord.ui.Button(label=wording.OPEN, custom_id="preview:open", disabled=True)
        items.append(item)
    return items


def _texts(view: AnnouncementView, room: int) -> list[str]:
    """Return the texts in the order in which they are shown, `room` characters in all; '' for one without room.

    The head always fits. Each list of people has some room reserved; what matters more takes the rest first.
    """
    head, lists = _head(view), view.people_lists
    left = room - len(head) - PEOPLE_RESERVED * len(lists)
    changes = f"**{CHANGED}**\n" + "\n".join(view.change_lines) if view.change_lines else ""
    # A preview has no page yet on which the rest could be read.
    cut = wording.read_more(view.url) if view.url else cut_message(view.description, DESCRIPTION_CUT)
    wanted = {
        "changes": (changes, ""),
        "sign_up": (view.signup_text, ""),
        "description": (view.description, cut),
        "facts": (_facts(view), ""),
        "rewards": (wording.rewards(view.rewards) if view.rewards else "", ""),
    }
    shown = {}
    for name, texts in wanted.items():
        shown[name] = next((text for text in texts if len(text) <= left), "")
        left -= len(shown[name])
    people = []
    for one in lists:
        left += PEOPLE_RESERVED
        people.append(_people(one, view.url, left))
        left -= len(people[-1])
    return [head, shown["description"], shown["changes"], *people, shown["sign_up"], shown["rewards"], shown["facts"]]


def _head(view: AnnouncementView) -> str:
    """Return the title, the state unless sign-ups are open, the start, and the place."""
    # The title is a link, in which Discord makes no other.
    title = escape_markdown(view.title, TITLE_SHOWN, live_addresses=False)
    title = f"[{title}]({view.url})" if view.url else title
    lines = [f"### ~~{title}~~" if view.state is State.CANCELLED else f"### {title}"]
    if view.state is not State.SCHEDULED:
        lines.append(f"**{escape_markdown(view.state_text)}**")
    lines += [f"{view.start_text} · {view.duration_text}", view.location]
    return "\n".join(filter(None, lines))


def _facts(view: AnnouncementView) -> str:
    """Return the small print: who hosts, how it repeats, reminders, calendars."""
    links = wording.calendar_links(view.calendar_url, view.google_url) if view.calendar_url else ""
    voice = f"<#{view.voice_channel_id}>" if view.voice_channel_id is not None else ""
    words = [wording.hosted_by(escape_markdown(view.host_name)), voice, view.repeats_text]
    words += [wording.reminders(view.reminders_text) if view.reminders_text else "", links]
    return "-# " + " · ".join(filter(None, words))


def _people(people: PeopleList, url: str, room: int) -> str:
    """Return a list of people under its heading: a line each for a few, else one after the other."""
    heading = f"**{people.heading}**\n"
    few = len(people.lines) <= FEW_PEOPLE
    names = [f"{number}. {line}" for number, line in enumerate(people.lines, 1)] if few else people.lines
    separator, room = "\n" if few else " · ", room - len(heading)
    if not names:
        return heading + people.empty_text
    # Not from the last name: of a thousand who wait, some hundred fit.
    most = sum(total <= room for total in accumulate(len(name) + len(separator) for name in names)) + 1
    for shown in range(min(most, len(names)), -1, -1):
        more = [wording.more_people(len(names) - shown, url)] if shown < len(names) else []
        text = separator.join([*names[:shown], *more])
        if len(text) <= room:
            return heading + text
    return heading.rstrip()


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
