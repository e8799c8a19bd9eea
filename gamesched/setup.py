"""Asks an operator for what a site needs, tests each value, and writes them to a file of variables."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from gamesched import portal
from gamesched.checks import is_published, is_weak
from gamesched.lib.addresses import is_site
from gamesched.lib.findings import Finding
from gamesched.lib.ids import application_id
from gamesched.lib.vapid import new_private_key

Values = dict[str, str]
Ask = Callable[[str], str]

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
# Lines of .env.example that are the demo's alone.
DEMO_NAMES = ("COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "DISCORD_API_URL", "DISCORD_BROWSER_URL")
NAMES = (
    "PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "POSTGRES_PASSWORD", "DISCORD_BOT_TOKEN", "DISCORD_CLIENT_SECRET",
    "VAPID_PRIVATE_KEY",
)  # fmt: skip
POSTGRESQL = 150000


def read_file(path: Path) -> Values:
    """Return the variables of a file, without those of the demo; none if it does not exist."""
    if not path.exists():
        return {}
    pairs = [line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    stored = {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2 and not pair[0].startswith("#")}
    is_demo = "demo" in stored.get("COMPOSE_PROFILES", "")
    return {} if is_demo else {name: value for name, value in stored.items() if name not in DEMO_NAMES}


def write_file(path: Path, values: Values) -> None:
    """Replace a file by one with these variables, which nobody else may read. Raises OSError."""
    lines = [f"{name}={values[name]}" for name in (*NAMES, *sorted(set(values) - set(NAMES))) if values.get(name)]
    beside = path.with_name(f"{path.name}.new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    beside.replace(path)


def examine(values: Values) -> Iterator[Finding]:
    """Yield what is right and wrong with a file's variables. Asks Discord, and the database if it is named."""
    yield examine_address(values.get("PUBLIC_URL", ""))
    key = values.get("SECRET_KEY", "")
    if is_weak(key) or is_published(key):
        yield Finding("secret key", "SECRET_KEY is easy to guess.", "Run setup without --check: it makes one.")
    token = values.get("DISCORD_BOT_TOKEN", "")
    if not application_id(token):
        yield Finding("token", "DISCORD_BOT_TOKEN isn't a bot token.", "In the developer portal: Bot, Reset Token.")
    else:
        yield from portal.examine_application(token, values.get("PUBLIC_URL", ""))
        yield portal.examine_secret(application_id(token), values.get("DISCORD_CLIENT_SECRET", ""))
    if values.get("DATABASE_URL"):
        yield examine_database(values["DATABASE_URL"])
    elif not values.get("POSTGRES_PASSWORD") or is_published(values["POSTGRES_PASSWORD"]):
        yield Finding("database", "POSTGRES_PASSWORD is easy to guess.", "Run setup without --check: it makes one.")


def examine_address(address: str) -> Finding:
    """Return whether an address is one that people can log in at."""
    if not is_site(address):
        return Finding("address", f"{address!r} isn't a site's address.", "Write it as https://games.example.org.")
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.netloc.rpartition(":")[0] not in LOCAL_HOSTS and parts.netloc != "localhost":
        return Finding("address", "People log in there, so nobody else must read along.", "Begin it with https://.")
    return Finding("address", f"People open {address}.")


def examine_database(url: str) -> Finding:
    """Return whether a database can be used."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version
    except (psycopg.Error, ValueError) as reason:
        return Finding("database", f"The database doesn't answer: {str(reason).strip()}", "Fix that, or the address.")
    if version < POSTGRESQL:
        return Finding("database", f"The database is PostgreSQL {version // 10000}.", "Use PostgreSQL 15 or newer.")
    return Finding("database", f"PostgreSQL {version // 10000} answers.")


class Setup:
    """Asks until each value is right. `ask` shows what it types, `ask_secretly` does not; `say` prints a line."""

    def __init__(self, stored: Values, ask: Ask, ask_secretly: Ask, say: Callable[[str], object]) -> None:
        self.values = dict(stored)
        self._ask, self._ask_secretly, self._say = ask, ask_secretly, say

    def run(self, database_url: str = "") -> Values:
        """Return all variables that a site needs."""
        values = self.values
        self._until_right("PUBLIC_URL", "The address that people will open: ", self._ask, examine_address)
        self._say("Next, https://discord.com/developers/applications: make an application, or open yours.")
        self._until_right("DISCORD_BOT_TOKEN", "Its token (Bot, Reset Token): ", self._ask_secretly, self._token)
        self._until_right(
            "DISCORD_CLIENT_SECRET",
            "Its client secret (OAuth2, Reset Secret): ",
            self._ask_secretly,
            lambda secret: portal.examine_secret(application_id(values["DISCORD_BOT_TOKEN"]), secret),
        )
        self._wait_for_redirect()
        if database_url or values.get("DATABASE_URL"):
            values["DATABASE_URL"] = database_url or values["DATABASE_URL"]
            self._say(str(examine_database(values["DATABASE_URL"])))
        elif not values.get("POSTGRES_PASSWORD") or is_published(values["POSTGRES_PASSWORD"]):
            values["POSTGRES_PASSWORD"] = secrets.token_urlsafe(24)
        if is_weak(values.get("SECRET_KEY", "")) or is_published(values["SECRET_KEY"]):
            values["SECRET_KEY"] = secrets.token_urlsafe(50)
        # Kept if there is one: from another, nobody's devices take anything.
        values["VAPID_PRIVATE_KEY"] = values.get("VAPID_PRIVATE_KEY") or new_private_key()
        return values

    def _until_right(self, name: str, question: str, ask: Ask, examine: Callable[[str], Finding]) -> None:
        kept = self.values.get(name, "")
        while True:
            typed = ask(f"{question}[Enter keeps yours] " if kept else question).strip()
            value = (typed or kept).rstrip("/")
            finding = examine(value)
            self._say(str(finding))
            if finding.is_well:
                self.values[name] = value
                return
            kept = ""

    def _token(self, token: str) -> Finding:
        if not application_id(token):
            return Finding("token", "That isn't a bot token.", "Copy it whole: it has three parts with dots between.")
        return next(portal.examine_application(token, self.values["PUBLIC_URL"]))

    def _wait_for_redirect(self) -> None:
        token, address = self.values["DISCORD_BOT_TOKEN"], self.values["PUBLIC_URL"]
        while bad := [one for one in portal.examine_application(token, address) if not one.is_well]:
            for finding in bad:
                self._say(str(finding))
            if self._ask("Press Enter to look again, or type s to skip this: ").strip().lower() == "s":
                return
