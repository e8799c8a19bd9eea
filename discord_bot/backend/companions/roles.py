"""Makes, changes and deletes the role of a game's players, and gives and takes it.

https://docs.discord.com/developers/resources/guild#create-guild-role
"""

import time
from collections.abc import Awaitable
from itertools import chain
from typing import cast

import discord

from discord_bot.backend.errors import NO_MEMBER, translate_error
from discord_bot.backend.forums import CLOCK_TOLERANCE
from games.companions.base import CompanionRequest, CompanionView, SentCompanion
from games.companions.role import RoleView
from notifications.messages import OutgoingMessage, TemporaryError

SECONDS = 5.0  # for giving and taking it, well within what one message may take; who is left has the next turn


async def make(client: discord.Client, message: OutgoingMessage, wanted: CompanionView) -> SentCompanion:
    """Make the role, which nobody has yet."""
    view = cast("RoleView", wanted)
    if message.first_attempt_at is not None and (role_id := await _find_made(client, message, view)) is not None:
        return SentCompanion(view.guild_id, role_id, done_ids=(), is_adopted=True)
    made = await client.http.create_role(view.guild_id, name=view.name, permissions="0", mentionable=False, hoist=False)
    return SentCompanion(view.guild_id, int(made["id"]), done_ids=())


async def find(client: discord.Client, message: OutgoingMessage, wanted: CompanionView) -> int | None:
    """Return the role that an earlier attempt made."""
    return await _find_made(client, message, cast("RoleView", wanted))


async def _find_made(client: discord.Client, message: OutgoingMessage, view: RoleView) -> int | None:
    """Return the role that an earlier attempt made: of this name, without permissions, and of no other game."""
    assert message.first_attempt_at is not None
    request: CompanionRequest = message.post
    since = discord.utils.time_snowflake(message.first_attempt_at - CLOCK_TOLERANCE)
    roles = await client.http.get_roles(view.guild_id)
    ours = [int(role["id"]) for role in roles if (role["name"], int(role["permissions"])) == (view.name, 0)]
    return next((pk for pk in ours if pk >= since and pk not in request.taken_ids), None)


async def change(client: discord.Client, role_id: int, wanted: CompanionView) -> SentCompanion:
    """Rename the role, and give and take it, as far as Discord lets us at once."""
    view = cast("RoleView", wanted)
    if "name" in view.changed:
        await client.http.edit_role(view.guild_id, role_id, name=view.name)
    done = await _give_and_take(client, role_id, view)
    return SentCompanion(view.guild_id, role_id, done_ids=tuple(done))


async def _give_and_take(client: discord.Client, role_id: int, view: RoleView) -> list[int]:
    """Return who is done. Where Discord stops us after some, only the others have the next turn."""
    done: list[int] = []
    until = time.monotonic() + SECONDS
    # First taken, as that closes what is for players only.
    steps = chain(
        ((pk, client.http.remove_role) for pk in view.remove), ((pk, client.http.add_role) for pk in view.add)
    )
    for user_id, step in steps:
        try:
            await _skipping_who_left(step(view.guild_id, user_id, role_id))
        except TemporaryError:
            if not done:
                raise
            return done
        done.append(user_id)
        if time.monotonic() > until:
            break
    return done


async def _skipping_who_left(step: Awaitable[None]) -> None:
    try:
        await step
    except discord.HTTPException as reason:
        if reason.code in NO_MEMBER:
            return
        raise translate_error(reason) from None


async def delete(client: discord.Client, role_id: int, view: CompanionView) -> None:
    """Delete the role, which takes it from everybody."""
    await client.http.delete_role(view.guild_id, role_id)
