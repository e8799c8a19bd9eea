"""The announcement's view-model as Discord shows it: an embed and its buttons."""

from collections.abc import Sequence
from typing import Any

import discord
from discord.utils import escape_mentions

from discord_bot.interactions.buttons import FORMS, AskButton, FormButton, PageButton, SignupButton
from games.confirmations import wording as confirmation_wording
from games.core import wording
from games.core.states import State
from games.core.wording import timestamp
from games.pages.game_list import GameList
from games.posts.announcement import (
    COLUMNS,
    EMBED_AUTHOR,
    EMBED_TOTAL,
    EMBED_TITLE,
    FIELD_NAME,
    FIELD_VALUE,
    AnnouncementView,
    columns,
)
from games.signups import wording as signup_wording
from notifications.messages import Button, Letter

COLOURS = {
    State.DRAFT: 0x80848E,
    State.UNANNOUNCED: 0x80848E,
    State.SCHEDULED: 0x5865F2,
    State.IN_PROGRESS: 0x3BA55D,
    State.COMPLETED: 0x80848E,
    State.CANCELLED: 0xDA373C,
    State.ARCHIVED: 0x80848E,
}


UNSEEN = "\u200b"  # Discord takes no empty name of a field
LIST_LEAST = 200  # characters kept for each list that follows another, however long that one is


def embed(view: AnnouncementView) -> discord.Embed:
    """The post's embed. Mentions inside an embed show a person's name there and ping nobody."""
    title = discord.utils.escape_markdown(view.title)
    if view.state is State.CANCELLED and len(title) + 4 <= EMBED_TITLE:
        title = f"~~{title}~~"
    made = discord.Embed(
        title=title[:EMBED_TITLE],
        url=view.url,
        description=view.description or None,
        colour=COLOURS[view.state],
    )
    made.set_author(name=view.host_name[:EMBED_AUTHOR], icon_url=view.host_avatar_url)
    start = timestamp(view.starts_at)
    if view.state is State.SCHEDULED:
        start += f" ({timestamp(view.starts_at, 'R')})"
    _add(made, "Status", discord.utils.escape_markdown(view.state_text))
    _add(made, "Starts", f"{start}\nLasts {view.duration_text}")
    _add(made, "Where", view.location)
    _add(made, "Reminders", view.reminders_text)
    _add(made, "Sign-ups", view.signup_text)
    _add(made, confirmation_wording.CHANGED, "\n".join(view.change_lines))
    if view.calendar_url:
        _add(made, "Calendar", f"[.ics file]({view.calendar_url}) · [Google Calendar]({view.google_url})")
    _add(made, "Rewards", view.rewards)
    seats = " · ".join(filter(None, [view.seats_text, view.open_text, view.confirmed_text]))
    others = [("Wait list", view.waiting)]
    for kind, lines in (("tentative", view.maybe), ("absent", view.absent)):
        others.append((signup_wording.heading(kind, len(lines)), lines))
    others = [(name, lines) for name, lines in others if lines]
    if view.seated:
        _add_people(made, seats, view.seated, view.url, LIST_LEAST * len(others))
    else:
        inviting = view.may_sign_up and view.join_label == signup_wording.JOIN
        _add(made, seats, "Nobody yet. Be the first!" if inviting else "Nobody.")
    for number, (name, lines) in enumerate(others, 1):
        _add_people(made, name, lines, view.url, LIST_LEAST * (len(others) - number))
    return made


def _add(made: discord.Embed, name: str, value: str) -> None:
    if value:
        made.add_field(name=name, value=value[:FIELD_VALUE], inline=False)


def _add_people(made: discord.Embed, name: str, lines: Sequence[str], url: str, spare: int = 0) -> None:
    """A list in as much room as is left but for `spare`. Three columns fill a row, so that what follows begins anew."""
    room = EMBED_TOTAL - len(made) - len(name) - COLUMNS * len(UNSEEN) - spare
    shown = columns(lines, room, url)
    for number, column in enumerate(shown):
        made.add_field(name=UNSEEN if number else name[:FIELD_NAME], value=column, inline=len(shown) > 1)


def buttons(view: AnnouncementView) -> discord.ui.View:
    """What can be answered now, and the page's link.

    DynamicItems and links only: with one ordinary button, discord.py would keep every view for ever.
    """
    made = discord.ui.View(timeout=None)
    if view.may_sign_up:
        if view.join_label:
            made.add_item(SignupButton(view.game_id, "join", view.join_label))
        if view.join_label and view.takes_responses:
            made.add_item(SignupButton(view.game_id, "maybe"))
            made.add_item(SignupButton(view.game_id, "cant"))
        made.add_item(SignupButton(view.game_id, "leave"))
    made.add_item(discord.ui.Button(label="Open", url=view.url))
    return made


def message(view: AnnouncementView) -> dict[str, Any]:
    """The post's embed and buttons, as discord.py's sending and editing take them."""
    made = buttons(view)
    made.stop()  # so that discord.py does not keep it: the ids say everything, and clicks are heard in another process
    return {"embed": embed(view), "view": made}


def choices(buttons: Sequence[Button]) -> dict[str, Any]:
    """What there is to press under a letter, as discord.py's sending takes it."""
    if not buttons:
        return {}
    made = discord.ui.View(timeout=None)
    for one in buttons:
        made.add_item(_pressed(one))
    made.stop()
    return {"view": made}


def _pressed(one: Button) -> discord.ui.Item[Any]:
    if one.url:
        return discord.ui.Button(label=one.label, url=one.url)
    return FormButton(one) if one.id.split(":")[0] in FORMS else AskButton(one)


def pings(letter: Letter) -> discord.AllowedMentions:
    """Who may be pinged by a letter, whatever its text says."""
    return discord.AllowedMentions(
        everyone=False,
        roles=[discord.Object(role) for role in letter.ping_roles],
        users=[discord.Object(user) for user in letter.ping_users],
    )


def marked(message: discord.Message, letter: Letter) -> bool:
    """Whether a message bears the letter's mark: a post in its embed, another in its text."""
    text = message.content if letter.post is None else "".join(embed.url or "" for embed in message.embeds)
    return letter.mark in text


TITLE_SHOWN = 80  # characters of a title in a list, so that a page stays within an embed's 4096


def listing(shown: GameList) -> tuple[discord.Embed, discord.ui.View]:
    """A page of a list, with links to the posts, and the buttons that turn pages."""
    lines = []
    for game in shown.rows:
        title = game.title if len(game.title) <= TITLE_SHOWN else f"{game.title[: TITLE_SHOWN - 1]}…"
        words = [game.seats_text, f"#{game.channel_name}", wording.VIEWER_TEXT[game.viewer_state]]
        if shown.kind == "mine":
            words.insert(1, game.guild.name)
        if game.state is not State.SCHEDULED:
            words.insert(0, game.status_text)
        said = discord.utils.escape_markdown(" · ".join(word for word in words if word))
        lines.append(
            f"**[{wording.escape_markdown(title)}]({game.url})**\n{timestamp(game.starts_at)} ({timestamp(game.starts_at, 'R')})\n{said}"
        )
    made = discord.Embed(
        title=discord.utils.escape_markdown(shown.title)[:256],
        description=escape_mentions("\n\n".join(lines)),
        colour=COLOURS[State.SCHEDULED],
    )
    view = discord.ui.View(timeout=None)
    if shown.pages > 1:
        made.set_footer(text=f"Page {shown.page} of {shown.pages}")
    for label, page in (("Earlier", shown.page - 1), ("Later", shown.page + 1)):
        if 1 <= page <= shown.pages:
            view.add_item(PageButton(label, shown.kind, page, shown.channel_id))
    return made, view
