"""Who a session is of: read by prepared statements where it is an ordinary one, and else judged by Django."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conftest import World
from gamesched.testing.sessions import session_of
from guilds.session_engine import SessionStore


def viewer_id(client: Any) -> int | None:
    user = client.get(reverse("privacy")).wsgi_request.user
    return user.pk if user.is_authenticated else None


def test_two_prepared_statements_say_who_it_is(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    for _ in range(6):  # PostgreSQL's connection prepares the sixth
        with CaptureQueriesContext(connection) as captured:
            assert viewer_id(client) == world.bob.pk
    assert len(captured) == 2
    client.logout()
    with CaptureQueriesContext(connection) as captured:
        assert viewer_id(client) is None
    assert len(captured) == 0


@pytest.mark.parametrize("how", ["inactive", "new password", "expired", "ended", "of another", "by another backend"])
def test_a_session_that_is_nobodys(world: World, as_person: Any, settings: Any, how: str) -> None:
    client = as_person(world.bob)
    assert viewer_id(client) == world.bob.pk
    if how == "inactive":
        type(world.bob).objects.filter(pk=world.bob.pk).update(is_active=False)
    elif how == "new password":
        world.bob.set_password("something else")
        world.bob.save()
    elif how == "expired":
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    elif how == "ended":
        Session.objects.all().delete()
    elif how == "of another":
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        store = SessionStore()
        row = Session.objects.get(pk=key)
        Session.objects.filter(pk=key).update(
            session_data=store.encode(store.decode(row.session_data) | {"_auth_user_id": str(world.alice.pk)})
        )
    else:
        settings.AUTHENTICATION_BACKENDS = ["guilds.login.password_limit.PasswordGate"]
    assert viewer_id(client) is None


def test_a_changed_secret_key_renews_the_session(world: World, as_person: Any, settings: Any) -> None:
    key = session_of(world.bob)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another one, and long enough as well"
    client = as_person(world.charlie)
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert viewer_id(client) == world.bob.pk
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != key
