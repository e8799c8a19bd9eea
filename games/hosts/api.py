"""Who runs a game, messages to players, and whom a server blocks, for programs."""

from typing import Any, Literal

from django.http import Http404
from ninja import Schema, Status

from games.api.base import answers, managed_guild, once, run_action
from games.api.caller import HOST, MANAGE, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id, Moment, PersonShape, Sent, SentText, person_shape
from games.hosts import actions as hosts
from games.hosts import messages, takeover
from games.hosts.rules import Audience
from games.pages.shortcuts import FRESH_ROLES
from gamesched.lib.clock import db_now
from guilds.display_names import display_names
from guilds.models import User


class Cohosts(Sent):
    """The co-hosts, all of them."""

    user_ids: list[Id]


class HandOver(Sent):
    """Who is asked to run the game; yourself withdraws the question."""

    user_id: Id


class HandOverAnswer(Sent):
    """Whether you run the game."""

    choice: Literal["accept", "decline"]


class PlayerMessage(Sent):
    """A message to a game's players."""

    text: SentText
    to: Audience = Audience.ALL


class Block(Sent):
    """Whom to block; without `until` for good. Only managers read the reason."""

    user_id: Id
    until: Moment | None = None
    reason: SentText = ""


class BlockShape(Schema):
    """Somebody who can't sign up in a server."""

    person: PersonShape
    until: Any
    reason: str


def _person(user_id: int) -> User:
    person = User.objects.filter(pk=user_id).first()
    if person is None:
        raise Http404
    return person


@router.put("/games/{id:game_id}/cohosts", auth=HOST, response=answers(ActionShape))
def set_cohosts(request: ApiRequest, game_id: Id, sent: Cohosts) -> object:
    """Choose the co-hosts."""
    people = list(User.objects.filter(pk__in=sent.user_ids))
    if len(people) < len({*sent.user_ids}):
        raise Http404
    return run_action(request, game_id, lambda now: hosts.set_cohosts(game_id, people, actor(request), now))


@router.post("/games/{id:game_id}/hand-over", auth=HOST, response=answers(ActionShape))
def hand_over(request: ApiRequest, game_id: Id, sent: HandOver) -> object:
    """Ask somebody to run the game."""
    to = _person(sent.user_id)
    return run_action(request, game_id, lambda now: hosts.hand_over(game_id, to, actor(request), now))


@router.post("/games/{id:game_id}/hand-over/answer", auth=HOST, response=answers(ActionShape))
def answer_hand_over(request: ApiRequest, game_id: Id, sent: HandOverAnswer) -> object:
    """Say whether you run the game that you're asked to."""
    return run_action(
        request, game_id, lambda now: hosts.answer_open_hand_over(game_id, sent.choice, actor(request), now)
    )


@router.post("/games/{id:game_id}/take-over", auth=HOST, response=answers(ActionShape))
def take_over(request: ApiRequest, game_id: Id) -> object:
    """Run a game whose host has left the server."""
    return run_action(request, game_id, lambda now: takeover.take_over(game_id, actor(request), now), FRESH_ROLES)


@router.post("/games/{id:game_id}/messages", auth=HOST, response=answers(ActionShape))
def message_players(request: ApiRequest, game_id: Id, sent: PlayerMessage) -> object:
    """Write to a game's players."""
    return run_action(
        request,
        game_id,
        lambda now: messages.message_players(game_id, sent.text, sent.to, actor(request), now),
        FRESH_ROLES,
    )


@router.get("/guilds/{id:guild_id}/blocks", auth=MANAGE, response=answers(list[BlockShape]))
def blocks(request: ApiRequest, guild_id: Id) -> Any:
    """List whom a server blocks."""
    guild, _ = managed_guild(request, guild_id)
    found = list(guild.blocks.order_by("-created_at"))
    names = display_names(guild_id, [one.user_id for one in found])
    return [BlockShape(person=person_shape(one.user_id, names), until=one.until, reason=one.reason) for one in found]


@router.post("/guilds/{id:guild_id}/blocks", auth=MANAGE, response=answers(BlockShape))
def block(request: ApiRequest, guild_id: Id, sent: Block) -> object:
    """Block somebody from signing up."""
    managed_guild(request, guild_id)
    who = _person(sent.user_id)

    def act() -> BlockShape:
        made = hosts.block_user(guild_id, who, sent.until, sent.reason, actor(request), db_now())
        names = display_names(guild_id, [who.pk])
        return BlockShape(person=person_shape(who.pk, names), until=made.until, reason=made.reason)

    return once(request, act)


@router.delete("/guilds/{id:guild_id}/blocks/{id:user_id}", auth=MANAGE, response=answers(None, 204))
def unblock(request: ApiRequest, guild_id: Id, user_id: Id) -> object:
    """Let somebody sign up again."""
    guild, _ = managed_guild(request, guild_id)
    if not guild.blocks.filter(user=user_id).exists():
        raise Http404
    hosts.unblock_user(guild_id, _person(user_id), actor(request), db_now())
    return Status(204, None)
