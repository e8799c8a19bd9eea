"""Addresses and numbers among an operator's variables: what cannot be read is named, whatever it is."""

import os
import subprocess
import sys

import pytest

from gamesched.demo.postgres import REPOSITORY
from gamesched.lib.addresses import is_site, split_address

SITES = [
    "http://localhost:8000",
    "https://games.example.org",
    "https://[::1]:8000",
    "http://192.168.0.7",
    "https://bücher.example",
]
NO_SITES = [
    "", "games.example.org", "https://", "https://[", "https://[::1", "https://a.example/path", "https://a.example?x",
    "https://a.example#x", "https://user:password@a.example", "https://a.example:99999", "https://a.example:port",
    "https://a b.example", "https://a.example,https://b.example", "ftp://a.example", "https:\\\\a.example", "https://:80",
    "https://a.example\n", "javascript:alert(1)", "//a.example",
]  # fmt: skip


@pytest.mark.parametrize("address", SITES)
def test_sites(address: str) -> None:
    assert is_site(address)


@pytest.mark.parametrize("address", NO_SITES)
def test_what_is_no_site(address: str) -> None:
    assert not is_site(address)
    split_address(address)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "NOTIFY_KEPT_DAYS",
        "DB_CONN_MAX_AGE",
        "DISCORD_REQUESTS_PER_SECOND",
        "DISCORD_NEW_DMS_IN_TEN_SECONDS",
        "NOTIFY_LEASE_SECONDS",
        "NOTIFY_NONCE_MEMORY_SECONDS",
    ],
)
def test_numbers_that_are_none_are_named(name: str) -> None:
    code = (
        "import os, django, sys; values = sys.argv[1:];"
        "from importlib import import_module, reload; settings = import_module('gamesched.settings')\n"
        "for value in values:\n"
        f"    os.environ['{name}'] = value; reload(settings); print(len(settings.MALFORMED_NUMBERS), end=' ')"
    )
    values = ["a month", "-1", "1e3", "٣", "9" * 5000, "NaN", "0x10", "1_0", "[]", "9" * 9, "30", "", " 30 "]
    ran = subprocess.run(
        [sys.executable, "-c", code, *values],
        cwd=REPOSITORY,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["1"] * 10 + ["0"] * 3, ran.stderr
