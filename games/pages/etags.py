"""Sends 304 to a player's page that asks again for a game of which it shows nothing new, by one statement.

The ETag of a fragment stands for all that it was made from: the rows, what its viewer may see, the minute, and our
version. It is given only where one statement reads all of that: not to who runs the game, and not where a text may
mention somebody, a role decides whether the game is seen, or an edit is shown. It begins with its person, and is
nothing without their session.
"""

import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import add_never_cache_headers

from games.core.permissions import Viewer
from games.models import Game
from gamesched.lib.compiled_query import prepared
from gamesched.lib.ids import parse_id
from gamesched.lib.version import VERSION
from guilds.models import User
from guilds.sessions import is_session_of

ETAG = re.compile(r'^(?:W/)?"([0-9]{1,19})\.[0-9a-f]{32}"$')
PATH = re.compile(r"^/games/([0-9]{1,19})/$")
MENTIONS = re.compile("[@#<]")  # that a text may name somebody or a channel

# A row's version changes with every update of it. Members, people and roles are read by column: look-ups write their
# times again and again. The columns are those that the page shows or rights follow from.
FINGERPRINT = """
SELECT session.session_data, viewer.password, date_trunc('minute', clock_timestamp()), md5(ROW(
    game.ctid, game.xmin, guild.ctid, guild.xmin, defaults.ctid, defaults.xmin, template.ctid, template.xmin,
    channel.ctid, channel.xmin, parent.ctid, parent.xmin, post.ctid, post.xmin, postplace.ctid, postplace.xmin,
    viewer.zone, viewer.language, viewer.discord_locale,
    member.left_at, member.role_ids, member.pending, member.timed_out_until,
    EXISTS (SELECT FROM games_game_cohosts c WHERE c.game_id = game.id AND c.user_id = viewer.id),
    ARRAY(SELECT ROW(r.id, r.permissions, r.deleted_at)::text FROM guilds_role r WHERE r.guild_id = game.guild_id
        AND (r.id = game.guild_id OR r.id = ANY(member.role_ids)) ORDER BY r.id),
    ARRAY(SELECT ROW(b.ctid, b.xmin)::text FROM guilds_block b
        WHERE b.guild_id = game.guild_id AND b.user_id = viewer.id ORDER BY b.id),
    ARRAY(SELECT ROW(s.ctid, s.xmin)::text FROM games_signup s WHERE s.game_id = game.id ORDER BY s.id),
    ARRAY(SELECT ROW(a.ctid, a.xmin)::text FROM games_gameresponse a WHERE a.game_id = game.id ORDER BY a.id),
    ARRAY(SELECT e.id FROM games_gameedit e WHERE e.game_id = game.id ORDER BY e.id),
    ARRAY(
        SELECT ROW(u.id, u.global_name, u.handle, u.avatar, m.nick, m.avatar, m.left_at)::text FROM guilds_user u
        LEFT JOIN guilds_member m ON m.user_id = u.id AND m.guild_id = game.guild_id
        WHERE u.id IN (
            SELECT unnest(ARRAY[game.host_id, game.next_host_id])
            UNION SELECT s.user_id FROM games_signup s WHERE s.game_id = game.id AND s.left_at IS NULL
            UNION SELECT a.user_id FROM games_gameresponse a WHERE a.game_id = game.id
        ) ORDER BY u.id
    )
)::text)
FROM games_game game
JOIN guilds_user viewer ON viewer.id = %s::bigint AND viewer.is_active
JOIN guilds_member member ON member.guild_id = game.guild_id AND member.user_id = viewer.id AND member.left_at IS NULL
JOIN django_session session ON session.session_key = %s::text AND session.expire_date > clock_timestamp()
JOIN guilds_guild guild ON guild.id = game.guild_id AND guild.bot_removed_at IS NULL
JOIN guilds_channel channel ON channel.id = game.channel_id
LEFT JOIN guilds_channel parent ON parent.id = channel.parent_id
LEFT JOIN games_guilddefaults defaults ON defaults.guild_id = guild.id
LEFT JOIN games_gametemplate template ON template.id = game.template_id
LEFT JOIN games_announcement post ON post.game_id = game.id
LEFT JOIN guilds_channel postplace ON postplace.id = post.channel_id
WHERE game.id = %s::bigint
"""

Handler = Callable[[HttpRequest], HttpResponse]


def not_modified(get_response: Handler) -> Handler:
    """Answer 304, before anything else is read, if all that a fragment was made from is as it was."""

    def middleware(request: HttpRequest) -> HttpResponse:
        condition = _conditional_request(request)
        if condition is None:
            return get_response(request)
        etag, user_id, game_id = condition
        current = current_etag(request, user_id, game_id)
        if current != etag:
            request.current_etag = current  # type: ignore[attr-defined]  # for `etag_of_page`
            return get_response(request)
        response = HttpResponseNotModified(headers={"ETag": etag})
        add_never_cache_headers(response)
        return response

    return middleware


def _conditional_request(request: HttpRequest) -> tuple[str, int, int] | None:
    """Return the ETag, the person and the game of a page that asks for its fragment again."""
    if request.method != "GET" or "HX-Request" not in request.headers or request.META.get("QUERY_STRING"):
        return None
    if "HX-Boosted" in request.headers or "HX-History-Restore-Request" in request.headers:
        return None
    given = ETAG.match(request.headers.get("If-None-Match", ""))
    path = PATH.match(request.path_info)
    user_id, game_id = (parse_id(found[1]) if found is not None else None for found in (given, path))
    if given is None or not user_id or not game_id:
        return None
    return given[0].removeprefix("W/"), user_id, game_id


def current_etag(request: HttpRequest, user_id: int, game_id: int) -> str:
    """Return what stands for a game's page as this person would see it now; '' for whom the session is not."""
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    with prepared(connection), connection.cursor() as cursor:
        cursor.execute(FINGERPRINT, [user_id, session_key, game_id])
        row: tuple[str, str, datetime, str] | None = cursor.fetchone()
    if row is None:
        return ""
    session_data, password, minute, rows = row
    language = request.headers.get("Accept-Language", "")  # of who chose none
    rows = f"{rows} {language}"
    return _etag(user_id, minute, rows) if _is_session_of(session_data, User(pk=user_id, password=password)) else ""


def etag_of_page(request: HttpRequest, user_id: int, game_id: int) -> str:
    """Return `current_etag`, which may have been read already to compare it with what the page had."""
    return getattr(request, "current_etag", "") or current_etag(request, user_id, game_id)


def may_be_unchanged(game: Game, viewer: Viewer) -> bool:
    """Return whether the fingerprint holds all that this viewer's page of the game is made from."""
    texts = (game.description, game.rewards, game.settings.instructions, game.settings.location)
    is_personal = any(map(MENTIONS.search, texts)) or game.has_edits is not False
    return not (is_personal or viewer.may_manage(game) or viewer.sees_by_role(game))


def _etag(user_id: int, minute: datetime, rows: str) -> str:
    # What a page shows follows from the clock too: states, limits, offers.
    digest = sha256(f"{VERSION} {minute.isoformat()} {rows}".encode()).hexdigest()
    return f'"{user_id}.{digest[:32]}"'


def _is_session_of(session_data: str, user: User) -> bool:
    session: dict[str, Any] = import_module(settings.SESSION_ENGINE).SessionStore().decode(session_data)
    return is_session_of(session, user)
