"""The reads behind every click, message and page, compiled once: building their SQL took a third of a click."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet

from games.core.companions import roles_to_choose
from games.models import Game, GameEdit, GameResponse, Signup
from games.models.layers import announcement_channels
from gamesched.lib.clock import DbNow
from gamesched.lib.compiled_query import CompiledQuery
from guilds.models import Channel, Guild, Member, User

LOCKED_GAME = CompiledQuery(
    lambda game_id: Game.objects.select_for_update(no_key=True).filter(pk=game_id).values_list("pk")
)
GAME = CompiledQuery(lambda game_id: Game.objects.with_guild_and_channel().filter(pk=game_id))
GAME_WITH_POST = CompiledQuery(
    lambda game_id: Game.objects.with_guild_and_channel().select_related("announcement__channel").filter(pk=game_id)
)
# By how many ids there is place for.
GAMES_WITH_POST = {
    places: CompiledQuery(
        lambda *ids: Game.objects.with_guild_and_channel().select_related("announcement__channel").filter(pk__in=ids)
    )
    for places in (1, 10, 100)
}
# The time by the database's clock, and what says that further queries would find nothing.
READ_ALONG: dict[str, Any] = {
    "read_at": DbNow(),
    "cohosts_read": ArraySubquery(Game.cohosts.through.objects.filter(game=OuterRef("pk")).values("user_id")),
    "has_responses": Exists(GameResponse.objects.filter(game=OuterRef("pk"))),
    "has_edits": Exists(GameEdit.objects.filter(game=OuterRef("pk"))),
}
GAME_OF_PAGE = CompiledQuery(
    lambda game_id: (
        Game.objects.with_guild_and_channel()
        .select_related("host", "announcement__channel")
        .annotate(**READ_ALONG)
        .filter(pk=game_id)
    )
)
RESPONSES = CompiledQuery(lambda game_id: GameResponse.objects.filter(game_id=game_id))
CURRENT_SIGNUPS = CompiledQuery(lambda game_id: Signup.objects.current().filter(game_id=game_id))
LOCKED_PERSON = CompiledQuery(
    lambda user_id: User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk")
)
MEMBER = CompiledQuery(
    lambda guild_id, user_id: (
        Member.objects.with_role_permissions().with_block().filter(guild_id=guild_id, user_id=user_id, left_at=None)
    )
)
MEMBER_WITH_GUILD = CompiledQuery(
    lambda guild_id, user_id: (
        Member.objects.with_role_permissions()
        .select_related("guild__defaults")
        .filter(guild_id=guild_id, user_id=user_id, left_at=None, guild__bot_removed_at=None)
    )
)
LOCKED_GUILD = CompiledQuery(
    lambda guild_id: Guild.objects.select_for_update(no_key=True).order_by().filter(pk=guild_id).values_list("pk")
)
GUILD_WITH_SETTINGS = CompiledQuery(lambda guild_id: Guild.objects.select_related("defaults").filter(pk=guild_id))
# What every form of a game offers.
ANNOUNCEMENT_CHANNELS = CompiledQuery(lambda guild_id: announcement_channels(guild_id))
ARCHIVE_CHANNELS = CompiledQuery(
    lambda guild_id: Channel.objects.for_announcements().filter(guild_id=guild_id).with_settings()
)
ROLES_TO_CHOOSE = CompiledQuery(lambda guild_id: roles_to_choose(guild_id))
ANNOUNCEMENT_CHANNEL = CompiledQuery(lambda guild_id, channel_id: announcement_channels(guild_id).filter(pk=channel_id))
# Of those, the one in which a person hosts last.
CHANNEL_HOSTED_LAST = CompiledQuery(
    lambda guild_id, user_id: announcement_channels(guild_id).filter(
        pk__in=Game.objects.filter(guild=guild_id, host=user_id, cancelled_at=None)
        .order_by("-starts_at")
        .values("channel")[:1]
    )
)
# Where a person is a member; and where, of these, games are not announced.
MEMBERSHIPS_WITH_GUILD = CompiledQuery(lambda user_id: _memberships(user_id))
MEMBERSHIPS_WITH_HIDDEN_GAMES = CompiledQuery(
    lambda user_id: _memberships(user_id).filter(
        guild__in=Game.objects.filter(announced_at=None).order_by().values("guild_id")
    )
)


def _memberships(user_id: int) -> QuerySet[Member]:
    members = Member.objects.with_role_permissions().with_block().select_related("guild__defaults")
    members = members.annotate(read_at=DbNow())
    return members.filter(user_id=user_id, left_at=None, guild__bot_removed_at=None).order_by("guild__name", "guild")


def games_with_posts(game_ids: Iterable[int]) -> dict[int, Game]:
    """Return games by their ids, with their posts. Takes one query for each hundred."""
    ids, most, found = sorted(set(game_ids)), max(GAMES_WITH_POST), list[Game]()
    for start in range(0, len(ids), most):
        some = ids[start : start + most]
        places = min(number for number in GAMES_WITH_POST if number >= len(some))
        found += GAMES_WITH_POST[places].all(*some, *[some[-1]] * (places - len(some)))
    return {game.pk: game for game in found}
