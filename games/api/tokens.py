"""The tokens by which programs act for a person: making, using and deleting them."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from games.api import wording
from games.core.base import Actor, record_in_guild
from games.core.codes import AuditAction
from games.core.permissions import load_viewer
from games.models import ApiScope, ApiToken
from games.server_settings.actions import require_guild_manager
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from guilds.names import tidy_line

TOKENS_MAX = 20  # of a person
NAME_MAX = 60  # characters
BEGINNING = "gs_"  # by which people and scanners of leaked secrets know one


def digest_of(secret: str) -> str:
    """Return what is kept of a token. It is 32 random bytes, so nobody can try out what it was made of."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    actor: Actor,
    name: str,
    scopes: Collection[ApiScope],
    now: datetime,
    expires_at: datetime | None = None,
    guild_id: int | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for the actor, and return it with its secret, which nobody can read again.

    `guild_id`: confines it to a guild that the actor manages, whose managers see it. Raises Refused.
    """
    assert actor.user is not None
    User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    name = tidy_line(name)
    if not name or len(name) > NAME_MAX:
        raise Refused(Refusal("bad_name", wording.BAD_NAME, {"name": wording.BAD_NAME}))
    if not scopes:
        raise Refused(Refusal("no_scope", wording.NO_SCOPE, {"scopes": wording.NO_SCOPE}))
    if expires_at is not None and expires_at <= now:
        raise Refused(Refusal("expired", wording.EXPIRES_IN_PAST, {"expires": wording.EXPIRES_IN_PAST}))
    if guild_id is not None:
        require_guild_manager(guild_id, actor, now)
    if ApiToken.objects.filter(user=actor.user).count() >= TOKENS_MAX:
        raise Refused(Refusal("too_many", wording.TOO_MANY_TOKENS))
    secret = BEGINNING + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=actor.user,
        guild_id=guild_id,
        name=name,
        digest=digest_of(secret),
        scopes=[scope.value for scope in ApiScope if scope in scopes],
        created_at=now,
        expires_at=expires_at,
    )
    if guild_id is not None:
        record_in_guild(guild_id, actor, AuditAction.CREATE_PROGRAM, {"name": name}, now)
    return token, secret


def own_tokens(user: User) -> "QuerySet[ApiToken]":
    """Return a person's tokens, with their guilds."""
    return ApiToken.objects.filter(user=user).select_related("guild")


def tokens_of_guild(guild_id: int) -> "QuerySet[ApiToken]":
    """Return the tokens that reach one guild alone, with their people, for its managers."""
    return ApiToken.objects.filter(guild=guild_id).select_related("user")


@transaction.atomic
def delete_token(token_id: int, actor: Actor, now: datetime) -> str:
    """Delete a token of the actor's, or of a guild that they manage; it works no more. Return its name. Raises Refused.

    Who may not delete it reads the same as of one that is gone.
    """
    token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    own = token is not None and token.user == actor.user
    if token is None or not (own or (token.guild_id and load_viewer(actor.user, token.guild_id).manages)):
        raise Refused(Refusal("unknown_token", wording.UNKNOWN_TOKEN))
    token.delete()
    if token.guild_id:
        record_in_guild(token.guild_id, actor, AuditAction.DELETE_PROGRAM, {"name": token.name}, now)
    return token.name


def find_token(secret: str, now: datetime) -> ApiToken | None:
    """Return the token of a secret, with its person; None for one that is unknown or expired."""
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    tokens = ApiToken.objects.select_related("user").filter(valid, digest=digest_of(secret), user__is_active=True)
    return tokens.first()
