"""Forgetting a person in the tables of this app and of the log-in. `games.privacy` calls it, last of all."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import reduce
from importlib import import_module
from operator import or_

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from guilds.models import SOMEBODY_NAME, SOMEBODY_NAMES, Block, Member, SentForm, User
from guilds.personal_data import KEPT_AFTER_LEAVING, sessions_of

SOMEBODY_USERNAME = "(somebody)"  # neither a Discord id nor a log-in


def somebody(now: datetime) -> User:
    """Return the one user who stands for all people who were forgotten, as host and in the audit log."""
    fields = {"handle": SOMEBODY_NAME, "is_active": False, "password": make_password(None), "forgotten_at": now}
    return User.objects.get_or_create(username=SOMEBODY_USERNAME, defaults=fields)[0]


def names_of(user: User) -> set[str]:
    """Return all that a person is called here, by themselves and in their servers."""
    members = Member.objects.filter(user=user).select_related("user")
    in_servers = {name for member in members for name in (member.nick, member.display_name)}
    return {user.handle, user.global_name, user.display_name, *in_servers} - {"", *SOMEBODY_NAMES}


def containing(column: str, names: Collection[str]) -> Q:
    """Return the condition that a text contains one of these names; none does if there are no names.

    It may contain a short one by chance, so this is for texts that nobody misses.
    """
    return reduce(or_, (Q(**{f"{column}__contains": name}) for name in names), Q(pk__in=[]))


def forget_account(user: User, names: Collection[str], now: datetime) -> None:
    """Delete a person's memberships, log-in and sessions, and empty their row. `names`: what they were called.

    The row stays for an hour: what another transaction writes about them meanwhile can still refer to it. Because of
    the new password, a session that a cache still has is none any more.
    """
    _forget_in_admin_log(user, now)
    Member.objects.filter(user=user).delete()
    SentForm.objects.filter(user=user).delete()
    # Others were answered "Zoe is in": a form of theirs that comes again still leads to the same page. Programs were
    # answered in JSON, where a name is written otherwise, beside its person's id.
    in_json = {json.dumps(text, ensure_ascii=False)[1:-1] for text in names} | {f'"{user.pk}"'}
    SentForm.objects.filter(containing("text", {*names, *in_json})).update(text="")
    user.groups.clear()
    user.user_permissions.clear()
    SocialAccount.objects.filter(user=user).delete()  # and its tokens
    EmailAddress.objects.filter(user=user).delete()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in sessions_of(user).values_list("pk", flat=True):
        store(key).delete()
    User.objects.filter(pk=user.pk).update(
        handle=SOMEBODY_NAME,
        global_name="",
        avatar="",
        zone="",
        language="",
        discord_locale="",
        dm_channel_id=None,
        dm_closed_at=None,
        last_login=None,
        password=make_password(None),
        date_joined=now,
        forgotten_at=now,
    )


def _forget_in_admin_log(user: User, now: datetime) -> None:
    """Put somebody in the place of an operator of earlier days, and of the name of whom operators edited."""
    LogEntry.objects.filter(user=user).update(user=somebody(now))
    accounts = [str(pk) for pk in SocialAccount.objects.filter(user=user).values_list("pk", flat=True)]
    for model, ids in ((User, [str(user.pk)]), (SocialAccount, accounts)):
        about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=ids)
        about.update(object_repr=SOMEBODY_NAME, object_id=None)


def purge_ended_memberships(now: datetime) -> int:
    """Delete memberships and blocks that ended long enough ago; return how many."""
    before = now - KEPT_AFTER_LEAVING
    left = Member.objects.filter(left_at__lt=before).delete()[0]
    return left + Block.objects.filter(until__lt=before).delete()[0]
