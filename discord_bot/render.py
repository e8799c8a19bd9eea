"""Renders announcements, polls, game lists and buttons as discord.py's embeds and views."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from discord_bot.agenda_layout import agenda_message
from discord_bot.interactions.buttons import MODAL_KINDS, ChoiceButton, ModalButton, PageButton
from discord_bot.interactions.poll_components import PollSelect
from discord_bot.poll_layout import POLL_COLOURS, poll_buttons, poll_layout
from discord_bot.post_layout import COLOURS, announcement_items, announcement_layout, texts_of
from games.agenda.post import AgendaPost
from games.confirmations import wording as confirmation_wording
from games.core import wording
from games.core.escaping import escape_markdown
from games.core.states import State
from games.models import PostForm
from games.pages.game_list import GameList
from games.polls.post import PollChoice, PollPost
from games.posts import wording as post_wording
from games.posts.announcement import (
    COLUMNS,
    EMBED_AUTHOR,
    EMBED_TITLE,
    EMBED_TOTAL,
    FIELD_NAME,
    FIELD_VALUE,
    AnnouncementView,
    PeopleList,
    columns,
)
from guilds.languages import in_its_language
from guilds.names import isolated
from notifications.messages import Button, OutgoingMessage

NO_PINGS = discord.AllowedMentions.none()

ZERO_WIDTH_SPACE = "\u200b"  # Discord accepts no empty field name
MIN_LIST_LENGTH = 200  # characters reserved for each further list, however long those before it are


def announcement_embed(view: AnnouncementView) -> discord.Embed:
    """Return the post's embed. Mentions inside an embed show a name and ping no one."""
    # The title is a link, in which Discord makes no other.
    title = escape_markdown(view.title, EMBED_TITLE, live_addresses=False)
    if view.state is State.CANCELLED and len(title) + 4 <= EMBED_TITLE:
        title = f"~~{title}~~"
    post_embed = discord.Embed(
        title=title,
        url=view.url,
        description=view.description or None,
        colour=COLOURS[view.state],
    )
    post_embed.set_author(name=view.host_name[:EMBED_AUTHOR], icon_url=view.host_avatar_url)
    if view.image_url:
        post_embed.set_image(url=view.image_url)
    if view.thumbnail_url:
        post_embed.set_thumbnail(url=view.thumbnail_url)
    _add_field(post_embed, _("Status"), escape_markdown(view.state_text, FIELD_VALUE))
    lasts = _("Lasts %(duration)s") % {"duration": view.duration_text}
    _add_field(post_embed, _("Starts"), f"{view.start_text}\n{lasts}")
    _add_field(post_embed, _("Where"), view.location)
    if view.voice_channel_id is not None:
        _add_field(post_embed, _("Voice"), f"<#{view.voice_channel_id}>")
    _add_field(post_embed, _("Reminders"), view.reminders_text)
    _add_field(post_embed, _("Sign-ups"), view.signup_text)
    _add_field(post_embed, _("Series"), view.repeats_text)
    _add_field(post_embed, gettext(confirmation_wording.CHANGED), "\n".join(view.change_lines))
    if view.calendar_url:
        _add_field(post_embed, _("Calendar"), post_wording.calendar_links(view.calendar_url, view.google_url))
    _add_field(post_embed, _("Rewards"), view.rewards)
    seated, *others = view.people_lists
    if seated.lines:
        _add_people_fields(post_embed, seated, view.url, MIN_LIST_LENGTH * len(others))
    else:
        _add_field(post_embed, seated.heading, seated.empty_text)
    for number, people in enumerate(others, 1):
        _add_people_fields(post_embed, people, view.url, MIN_LIST_LENGTH * (len(others) - number))
    return post_embed


def _add_field(embed: discord.Embed, name: str, value: str) -> None:
    if value:
        embed.add_field(name=name, value=value[:FIELD_VALUE], inline=False)


def _add_people_fields(embed: discord.Embed, people: PeopleList, url: str, reserved: int = 0) -> None:
    """Add a list of people in the remaining length less `reserved`.

    Three columns fill a row, so that the next list starts a new one.
    """
    name = people.heading
    max_length = EMBED_TOTAL - len(embed) - len(name) - COLUMNS * len(ZERO_WIDTH_SPACE) - reserved
    texts = columns(people.lines, max_length, url)
    for number, column in enumerate(texts):
        embed.add_field(name=ZERO_WIDTH_SPACE if number else name[:FIELD_NAME], value=column, inline=len(texts) > 1)


def announcement_buttons(view: AnnouncementView) -> discord.ui.View:
    """Return the buttons under a post that is an embed."""
    items = discord.ui.View(timeout=None)
    for item in announcement_items(view):
        items.add_item(item)
    return items


@in_its_language
def announcement_message(view: AnnouncementView) -> dict[str, Any]:
    """Return the post, as arguments of discord.py's send and edit."""
    is_embed = view.form == PostForm.EMBED
    items = announcement_buttons(view) if is_embed else announcement_layout(view)
    items.stop()  # so that discord.py does not keep it: the ids suffice, and another process receives the clicks
    return {"view": items, **({"embed": announcement_embed(view)} if is_embed else {})}


def poll_message(view: PollPost) -> dict[str, Any]:
    """Return a poll's post, as arguments of discord.py's send and edit."""
    is_embed = view.form == PostForm.EMBED
    items = poll_view(view) if is_embed else poll_layout(view)
    items.stop()  # the ids suffice, as under an announcement
    return {"view": items, **({"embed": poll_embed(view)} if is_embed else {})}


def poll_embed(view: PollPost) -> discord.Embed:
    """Return a poll's embed."""
    post_embed = discord.Embed(
        title=escape_markdown(view.title, EMBED_TITLE, live_addresses=False),
        url=view.url,
        description="\n".join([*view.lines, "", view.end_text]),
        colour=POLL_COLOURS[view.state],
    )
    post_embed.set_author(name=view.host_name[:EMBED_AUTHOR], icon_url=view.host_avatar_url)
    return post_embed


def poll_view(view: PollPost) -> discord.ui.View:
    """Return the select and the buttons under a poll that is an embed."""
    items = discord.ui.View(timeout=None)
    if view.choices:
        items.add_item(PollSelect(view.poll_id, view.choices))
    for item in poll_buttons(view):
        items.add_item(item)
    return items


def poll_select(poll_id: int, choices: tuple[PollChoice, ...]) -> dict[str, Any]:
    """Return a poll's select alone, with what one person ticked, as an argument of discord.py's send."""
    if not choices:
        return {}
    items = discord.ui.View(timeout=None)
    items.add_item(PollSelect(poll_id, choices))
    items.stop()
    return {"view": items}


@in_its_language
def post_message(view: AnnouncementView | PollPost | AgendaPost) -> dict[str, Any]:
    """Return a post, as arguments of discord.py's send and edit."""
    if isinstance(view, AgendaPost):
        return agenda_message(view)
    return poll_message(view) if isinstance(view, PollPost) else announcement_message(view)


def button_message(buttons: Sequence[Button]) -> dict[str, Any]:
    """Return the buttons under a message, as arguments of discord.py's send."""
    if not buttons:
        return {}
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(_to_item(button))
    view.stop()
    return {"view": view}


def _to_item(button: Button) -> discord.ui.Item[Any]:
    button = replace(button, label=gettext(button.label))
    if button.url:
        return discord.ui.Button(label=button.label, url=button.url)
    return ModalButton(button) if button.id.split(":")[0] in MODAL_KINDS else ChoiceButton(button)


def allowed_mentions(message: OutgoingMessage) -> discord.AllowedMentions:
    """Return who a message may ping, whatever its text contains."""
    return discord.AllowedMentions(
        everyone=False,
        roles=[discord.Object(role) for role in message.ping_roles],
        users=[discord.Object(user) for user in message.ping_users],
    )


def has_marker(message: discord.Message, outgoing: OutgoingMessage) -> bool:
    """Return whether a message contains the dedupe marker: a post in its embed, another message in its text."""
    if outgoing.post is None:
        text = message.content
    else:
        text = "".join(embed.url or "" for embed in message.embeds) + texts_of(message.components)
    return outgoing.dedupe_marker in text


MAX_LISTED_TITLE, MAX_LISTED_NAME = 80, 50  # characters in a list, so that a page stays within an embed's 4096


def game_list_page(game_list: GameList) -> tuple[discord.Embed, discord.ui.View]:
    """Return one page of a list, with links to the posts, and the buttons that turn pages."""
    lines = []
    for game in game_list.rows:
        channel = isolated(escape_markdown(game.channel_name, MAX_LISTED_NAME, live_addresses=False))
        words = [game.seats_text, f"#{channel}", gettext(wording.VIEWER_TEXT[game.viewer_state])]
        if game_list.kind == "mine":
            words.insert(1, isolated(escape_markdown(game.guild.name, MAX_LISTED_NAME, live_addresses=False)))
        if game.state is not State.SCHEDULED:
            words.insert(0, escape_markdown(game.status_text))
        details = " · ".join(word for word in words if word)
        lines.append(
            f"**[{escape_markdown(game.title, MAX_LISTED_TITLE, live_addresses=False)}]({game.url})**\n"
            f"{wording.timestamp_with_countdown(game.starts_at)}\n{details}"
        )
    list_embed = discord.Embed(
        title=escape_markdown(game_list.title, EMBED_TITLE),
        description="\n\n".join(lines),
        colour=COLOURS[State.SCHEDULED],
    )
    view = discord.ui.View(timeout=None)
    if game_list.pages > 1:
        page_text = _("Page %(page)d of %(pages)d") % {"page": game_list.page, "pages": game_list.pages}
        list_embed.set_footer(text=page_text)
    earlier, later = _("Earlier"), _("Later")
    previous, following = (later, earlier) if game_list.options.past else (earlier, later)
    for label, page in ((previous, game_list.page - 1), (following, game_list.page + 1)):
        if 1 <= page <= game_list.pages:
            view.add_item(PageButton(label, game_list.kind, page, game_list.options))
    return list_embed, view
