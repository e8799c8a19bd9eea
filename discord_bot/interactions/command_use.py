"""One use of a command: who, where and when, and the reply to it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from discord_bot.interactions.senders import save_member
from discord_bot.interactions.typed_texts import with_typed
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.core.permissions import Viewer
from games.pages.game_list import GameList
from games.scheduling import command_wording
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload
from guilds.models import Guild
from notifications.messages import Button


@dataclass(frozen=True)
class CommandReply:
    """The reply to a command: a text with buttons, or a list of games."""

    text: str
    outcome: Outcome = Outcome.REFUSED
    games: GameList | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class CommandUse:
    """Who uses a command, where and when."""

    viewer: Viewer
    guild: Guild
    now: datetime
    source: EntryPoint = EntryPoint.COMMAND

    @property
    def actor(self) -> Actor:
        return Actor(self.viewer.person, self.source)


Work = Callable[[CommandUse], CommandReply]


def use_command(
    guild_id: int | None,
    payload: MemberPayload | None,
    work: Work,
    typed: Collection[str] = (),
    source: EntryPoint = EntryPoint.COMMAND,
) -> CommandReply:
    """Do all database work of a command, in one call; a refusal gives back what was `typed` into its options."""
    reply = _reply(guild_id, payload, work, source)
    return replace(reply, text=with_typed(reply.text, *typed)) if reply.outcome is Outcome.REFUSED else reply


def _reply(guild_id: int | None, payload: MemberPayload | None, work: Work, source: EntryPoint) -> CommandReply:
    if guild_id is None:
        return CommandReply(command_wording.ONLY_IN_SERVER)
    guild = Guild.objects.present().filter(pk=guild_id).select_related("defaults").first()
    if guild is None or payload is None:
        return CommandReply(wording.NOT_A_MEMBER)
    now = db_now()
    member = save_member(guild.pk, payload, now)
    try:
        return work(CommandUse(Viewer(member.user, guild.pk, member), guild, now, source))
    except Refused as refused:
        return CommandReply(escape_markdown(refused.refusal.sentence))
