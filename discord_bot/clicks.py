"""Answering a click: the verb, then the announcement itself as the answer, then a private line."""

import asyncio
import logging
from dataclasses import dataclass

import discord

from discord_bot import render
from discord_bot.seeing import seen_member
from games import messages
from games.actions import signups
from games.actions.announcing import shown_by_answer
from games.actions.planning import Actor
from games.announcement import AnnouncementView, view
from games.models import Game
from gamesched.lib.clock import db_now
from gamesched.lib.crossing import in_db
from gamesched.lib.refusal import Refused
from guilds.actions import see_member
from guilds.seen import SeenMember

log = logging.getLogger(__name__)

SLOW = 2.0  # seconds; Discord forgets a click that has no answer after 3
VERBS = {"join": signups.join, "leave": signups.leave}


@dataclass(frozen=True)
class Click:
    """A press of a button, as it came."""

    game_id: int | None
    verb: str
    guild_id: int | None
    member: SeenMember | None


@dataclass(frozen=True)
class Answer:
    """What to say in private and, where something changed, the post as it now is."""

    text: str
    post: AnnouncementView | None = None
    revision: int = 0


def act(click: Click) -> Answer:
    """Everything a click does in the database, in one crossing."""
    if click.guild_id is None or click.member is None:
        return Answer(messages.NOT_IN_DM)
    game = Game.objects.filter(pk=click.game_id).first() if click.game_id else None
    if game is None:
        return Answer(messages.OLD_BUTTON)
    if game.guild_id != click.guild_id:
        return Answer(messages.NOT_HERE)
    now = db_now()
    user = see_member(click.guild_id, click.member, now).user
    try:
        done = VERBS[click.verb](game.pk, user, Actor(user, "button"), now)
    except Refused as refused:
        return Answer(refused.refusal.sentence)
    if not done.changed:
        return Answer(done.text)
    return Answer(done.text, view(done.game, now), done.game.revision)


class Flight:
    """Answers under way to one message; `overlapped` once there were two, whose order nobody knows."""

    def __init__(self) -> None:
        self.count = 0
        self.overlapped = False


class Clicks:
    """Answers clicks, and remembers which answers are under way."""

    def __init__(self) -> None:
        self.flights: dict[int, Flight] = {}

    async def answer(self, interaction: discord.Interaction, game_id: int | None, verb: str) -> None:
        """Answer one click well inside Discord's three seconds, whatever happens."""
        message_id = interaction.message.id if interaction.message else 0
        flight = self.flights.setdefault(message_id, Flight())
        flight.count += 1
        flight.overlapped = flight.overlapped or flight.count > 1
        try:
            await self._answer(interaction, game_id, verb, message_id, flight)
        except discord.HTTPException as reason:
            # The sign-up is made, and notifyd edits the post; only the private line is lost.
            log.warning("A click on game %s could not be answered: %s", game_id, reason)
        finally:
            flight.count -= 1
            if flight.count == 0:
                del self.flights[message_id]

    async def _answer(
        self, interaction: discord.Interaction, game_id: int | None, verb: str, message_id: int, flight: Flight
    ) -> None:
        member = interaction.user if isinstance(interaction.user, discord.Member) else None
        click = Click(game_id, verb, interaction.guild_id, seen_member(member) if member else None)
        work = asyncio.ensure_future(in_db(act, click))
        await asyncio.wait({work}, timeout=SLOW)
        if not work.done():
            await interaction.response.defer()
        try:
            answer = await work
        except Exception:
            log.exception("A click on game %s failed", game_id)
            answer = Answer(messages.FAILED)
        if answer.post is None:
            await say(interaction, answer.text)
            return
        embed, buttons = render.embed(answer.post), render.buttons(answer.post)
        # Stopped, so that discord.py does not keep it: the ids say everything.
        buttons.stop()
        mentions = discord.AllowedMentions.none()
        if interaction.response.is_done():
            await interaction.edit_original_response(embed=embed, view=buttons, allowed_mentions=mentions)
        else:
            await interaction.response.edit_message(embed=embed, view=buttons, allowed_mentions=mentions)
        if not flight.overlapped:
            await in_db(_settle, answer.post.game_id, message_id, answer.revision)
        await say(interaction, answer.text)


def _settle(game_id: int, message_id: int, revision: int) -> None:
    shown_by_answer(game_id, message_id, revision, db_now())


async def say(interaction: discord.Interaction, text: str) -> None:
    """A line that only this person sees."""
    mentions = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=mentions)
    else:
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=mentions)
