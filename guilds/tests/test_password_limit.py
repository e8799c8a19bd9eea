"""Passwords cannot be tried without end, and nobody is kept out for good."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client, RequestFactory

from gamesched.lib.clock import db_now
from guilds.login import password_limit
from guilds.login.models import PasswordTries
from guilds.login.password_limit import MAX_BY_ADDRESS, MAX_BY_NAME, WINDOW, count_try, delete_old_tries
from guilds.models import User

pytestmark = pytest.mark.slow

RIGHT = "correct horse battery staple"
LOGIN = "/admin/login/"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", RIGHT)


def try_password(client: Client, password: str = "wrong", name: str = "root", **meta: Any) -> Any:
    return client.post(LOGIN, {"username": name, "password": password}, **meta)


def end_window() -> None:
    PasswordTries.objects.update(ends_at=db_now() - timedelta(seconds=1))


def test_after_five_wrong_passwords_the_right_one_is_not_looked_at_for_a_while(root: User) -> None:
    for _ in range(MAX_BY_NAME):
        assert try_password(Client()).status_code == 200
    for password in ("wrong", RIGHT):
        page = try_password(Client(), password)
        assert page.status_code == 429
        assert 0 < int(page["Retry-After"]) <= WINDOW.total_seconds()
        assert "Try again in 15 minutes, at " in page.text
        assert "_auth_user_id" not in page.client.session
    ends_at = PasswordTries.objects.get(key__startswith="name:").ends_at
    try_password(Client())
    assert PasswordTries.objects.get(key__startswith="name:").ends_at == ends_at, "further tries prolong nothing"
    end_window()
    assert try_password(Client(), RIGHT).status_code == 302


@pytest.mark.parametrize("name", ["root", "ROOT", " root ", "nobody-of-that-name", "ℜoot", "x" * 150])
def test_a_name_is_limited_from_wherever_and_whether_it_exists_or_not(root: User, name: str) -> None:
    codes = [try_password(Client(), name=name, REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(MAX_BY_NAME + 1)]
    assert codes == [200] * MAX_BY_NAME + [429]


@pytest.mark.parametrize(
    "addresses",
    [
        ["192.0.2.7"],
        ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"],  # of one network, so of one person
    ],
)
def test_an_address_is_limited_whatever_names_it_tries(root: User, addresses: list[str]) -> None:
    for number in range(MAX_BY_ADDRESS):
        address = addresses[number % len(addresses)]
        assert try_password(Client(), name=f"name{number}", REMOTE_ADDR=address).status_code == 200
    assert try_password(Client(), RIGHT, REMOTE_ADDR=addresses[0]).status_code == 429
    assert try_password(Client(), RIGHT, REMOTE_ADDR="198.51.100.1").status_code == 302, "another one is not"


@pytest.mark.parametrize(
    ("trusted", "peer", "same"),
    [
        ("", "192.0.2.7", True),  # who forwards is no proxy of ours, so what it says is nothing
        ("10.0.0.0/8", "192.0.2.7", True),
        ("10.0.0.0/8", "10.0.0.1", False),
    ],
)
def test_the_address_is_the_clients_and_cannot_be_made_up(
    root: User, settings: Any, trusted: str, peer: str, same: bool
) -> None:
    settings.TRUSTED_PROXIES = trusted
    codes = [
        try_password(Client(), name=f"n{n}", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}").status_code
        for n in range(MAX_BY_ADDRESS + 1)
    ]
    assert (codes[-1] == 429) == same
    # What the client itself wrote stands left of what the proxy appends.
    codes = [
        try_password(
            Client(), name=f"m{n}", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.5"
        ).status_code
        for n in range(MAX_BY_ADDRESS + 1)
    ]
    assert codes[-1] == 429


def test_nobody_keeps_an_operator_out_of_a_browser_that_they_used(root: User) -> None:
    known = Client()
    assert try_password(known, RIGHT).status_code == 302
    known.post("/admin/logout/")
    for number in range(MAX_BY_ADDRESS + 1):
        try_password(Client(), name="root" if number % 2 else f"name{number}")
    assert try_password(Client(), RIGHT).status_code == 429
    assert try_password(known, RIGHT).status_code == 302
    known.post("/admin/logout/")
    for _ in range(MAX_BY_NAME):
        assert try_password(known).status_code == 200
    assert try_password(known, RIGHT).status_code == 429, "nor does it try without end"
    stolen = Client()
    stolen.cookies[password_limit.COOKIE] = known.cookies[password_limit.COOKIE].value
    other = User.objects.create_superuser("other", RIGHT)
    codes = [try_password(stolen, name=other.username).status_code for _ in range(MAX_BY_NAME + 1)]
    assert codes[-1] == 429, "it is known for one name only"
    stolen.cookies[password_limit.COOKIE] = "made:up"
    assert try_password(stolen, name="third").status_code != 500


def test_who_logs_in_starts_anew(root: User) -> None:
    for _ in range(3):
        for _ in range(MAX_BY_NAME - 1):
            assert try_password(Client()).status_code == 200
        assert try_password(Client(), RIGHT).status_code == 302


def test_every_door_with_a_password_has_the_same_limit(root: User) -> None:
    for _ in range(MAX_BY_NAME):
        try_password(Client())
    request = RequestFactory().post("/anywhere/", REMOTE_ADDR="203.0.113.9")
    assert authenticate(request, username="root", password=RIGHT) is None
    assert Client().post("/accounts/login/", {"login": "root", "password": RIGHT}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_no_more_pass(now: datetime) -> None:
    def passes(number: int) -> bool:
        try:
            return count_try("root", "192.0.2.7", "", now) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(passes, range(40))) == MAX_BY_NAME


def test_counts_that_are_over_are_deleted(db: None, now: datetime) -> None:
    count_try("root", "192.0.2.7", "", now)
    assert delete_old_tries(now) == 0
    assert delete_old_tries(now + WINDOW + timedelta(seconds=1)) == 2
