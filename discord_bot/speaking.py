"""The notification backend that speaks to Discord: letters as requests, and what Discord's answers mean for them."""

import logging
import time
from collections.abc import Sequence
from typing import Any

import discord
from django.conf import settings

from discord_bot import reading, render
from discord_bot.pacing import KEPT, PATIENCE, Pace
from discord_bot.reading import MESSAGES
from discord_bot.rest import Declined, Rest
from games.announcement import AnnouncementView
from notifications.letter import Letter, NotYet, Passing, Permanent, Sent

log = logging.getLogger(__name__)

NO_SERVER_IN_COMMON = 50278
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes
CODES = {
    50007: Permanent.CLOSED_DMS,
    50001: Permanent.MISSING_PERMISSION,
    50013: Permanent.MISSING_PERMISSION,
    10003: Permanent.UNKNOWN_CHANNEL,
    10008: Permanent.UNKNOWN_MESSAGE,
}
OLD_EDITS_TOO_FAST = 30046  # of messages older than an hour
OPENING_TOO_FAST = 40003  # new direct-message channels; with which status, no document says
OPEN_AGAIN, OPEN_AGAIN_MOST = 30.0, 600.0  # seconds without opening after one refusal, twice that after the next
# A post is edited so often at most: in a rush of clicks each edit shows all of them. Of posts older than an hour a
# channel's edits count together, as clients observe; Discord does not say.
EDIT_EVERY = 2.0  # seconds
OLD = 3600.0  # seconds
POST_PATIENCE = 0.5  # seconds; after a longer wait, a post had better be rendered as the game is by then
DMS_KEPT = 10_000

SILENT = 1 << 12  # https://discord.com/developers/docs/resources/message#message-object-message-flags

MESSAGE = MESSAGES + "/{message_id}"


class DiscordBackend:
    """Sends letters with the bot's token. Needs no gateway connection."""

    def __init__(self) -> None:
        self.rest: Rest | None = None
        self.bot_id = 0
        self._edits: dict[int, Pace] = {}  # by message, or by channel for old messages
        self._dms: dict[int, int] = {}  # the channels opened here, by person: those of letters that then failed, too
        most = max(1, settings.DISCORD_NEW_DMS_IN_TEN_SECONDS)
        self._opening = Pace(most, 10.0, at_once=most)
        self._open_again = OPEN_AGAIN

    async def start(self) -> None:
        self.rest = Rest()
        try:
            self.bot_id = int((await self.rest.request("GET", "/users/@me"))["id"])
        except Declined as reason:
            await self.stop()
            raise Passing(str(reason)) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        if self.rest is not None:
            await self.rest.close()
            self.rest = None

    async def send(self, letter: Letter) -> Sent:
        try:
            return await self._send(letter)
        except Declined as reason:
            raise _meaning(reason) from None

    async def newest_own(self, channel_ids: Sequence[int]) -> int | None:
        return await reading.newest_own(self._rest, self.bot_id, channel_ids)

    async def is_in(self, guild_id: int) -> bool:
        return await reading.is_in(self._rest, guild_id)

    async def _send(self, letter: Letter) -> Sent:
        channel_id = letter.channel_id or await self._dm(letter.user_id)
        if letter.message_id is not None:
            await self._change(letter, channel_id, letter.message_id)
            return Sent(channel_id, letter.message_id)
        if letter.doubt and (found := await reading.sent_already(self._rest, self.bot_id, channel_id, letter)):
            return Sent(channel_id, found)
        body = {
            "content": letter.text or None,
            # https://discord.com/developers/docs/resources/message#create-message: a repeat returns the first message
            "nonce": letter.nonce,
            "enforce_nonce": True,
            "allowed_mentions": {
                "parse": [],
                "users": [str(user_id) for user_id in letter.ping_users],
                "roles": [str(role_id) for role_id in letter.ping_roles],
            },
            "flags": SILENT if letter.silent else 0,
            **(_shown(letter.post) if letter.post is not None else {}),
        }
        patience = PATIENCE if letter.post is None else POST_PATIENCE
        sent = await self._rest.request("POST", MESSAGES, channel_id=channel_id, body=body, patience=patience)
        return Sent(channel_id, int(sent["id"]))

    async def _change(self, letter: Letter, channel_id: int, message_id: int) -> None:
        if letter.delete:
            await self._rest.request("DELETE", MESSAGE, channel_id=channel_id, message_id=message_id)
            return
        old = discord.utils.snowflake_time(message_id).timestamp() < time.time() - OLD
        pace = self._edit_pace(channel_id if old else message_id)
        pace.take("This post was edited a moment ago", in_line=False)
        body = {**_shown(letter.post), "allowed_mentions": {"parse": []}}
        try:
            await self._rest.request(
                "PATCH", MESSAGE, channel_id=channel_id, message_id=message_id, body=body, patience=POST_PATIENCE
            )
        except Declined as reason:
            if reason.code != OLD_EDITS_TOO_FAST:
                raise
            wait = reason.retry_after or EDIT_EVERY
            pace.pause(wait)
            raise NotYet("Discord limits edits of old posts", wait) from None

    def _edit_pace(self, key: int) -> Pace:
        if len(self._edits) > KEPT:
            now = time.monotonic()
            self._edits = {key: each for key, each in self._edits.items() if not each.at_rest(now)}
        return self._edits.setdefault(key, Pace(1, EDIT_EVERY))

    async def _dm(self, user_id: int | None) -> int:
        """The person's direct-message channel, opened at a measured pace: who opens many quickly is taken for spam."""
        assert user_id is not None, "a letter goes to a channel or a person"
        if user_id in self._dms:
            return self._dms[user_id]
        self._opening.take("Direct messages are opened one by one")
        try:
            made = await self._rest.request("POST", "/users/@me/channels", body={"recipient_id": str(user_id)})
        except Declined as reason:
            if reason.code != OPENING_TOO_FAST:
                raise
            wait = max(reason.retry_after or 0.0, self._open_again)
            self._opening.pause(wait)
            self._open_again = min(self._open_again * 2, OPEN_AGAIN_MOST)
            log.warning("Discord wants direct messages opened more slowly. No new one for %.0f s.", wait)
            raise NotYet("Discord wants direct messages opened more slowly", wait) from None
        self._open_again = OPEN_AGAIN
        if len(self._dms) >= DMS_KEPT:
            self._dms.clear()
        self._dms[user_id] = int(made["id"])
        return self._dms[user_id]

    @property
    def _rest(self) -> Rest:
        assert self.rest is not None, "start() comes first"
        return self.rest


def _shown(post: AnnouncementView) -> dict[str, Any]:
    view = render.buttons(post)
    view.stop()  # so that discord.py does not keep it: clicks are heard in another process
    return {"embeds": [render.embed(post).to_dict()], "components": view.to_components()}


def _meaning(reason: Declined) -> Permanent:
    if reason.code == NO_SERVER_IN_COMMON:
        return Permanent("They are no longer in a server with the bot.", Permanent.LEFT)
    return Permanent(str(reason), CODES.get(reason.code, str(reason.code or reason.status)))
