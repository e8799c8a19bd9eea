"""Migrates a database of each tagged version, with its demo's data: `python3 run.py upgrades [VERSION…]`.

Twice: with what that version wrote before, and with what it writes afterwards, as it does while it still serves.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from gamesched.demo.postgres import REPOSITORY, Server
from gamesched.local_discord.state.entities import CLIENT_SECRET, bot_token

VARIABLES = {
    "SECRET_KEY": "for upgrades only, and long enough to satisfy the checks of Django",
    "PUBLIC_URL": "http://localhost",
    "DISCORD_BOT_TOKEN": bot_token(),
    "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
    "DISCORD_API_URL": "http://127.0.0.1:9/api/v10",  # the discard port: nothing answers
}
MIGRATE, SEED = ["migrate", "--verbosity", "0"], ["seed_demo"]


def main(versions: list[str]) -> int:
    """Return 0 if every version's database is migrated and written to."""
    versions = versions or _git("tag", "--list", "v*").split()
    if not versions:
        print("No version is tagged.")
    server = Server(f"upgrades-{os.getpid()}", fast=True)
    server.start()
    try:
        return max([_upgrade(server, version) for version in versions], default=0)
    finally:
        server.stop()


def _upgrade(server: Server, version: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        _git("worktree", "add", "--detach", "--quiet", str(before), version)
        try:
            python = _python_of(before)
            old, new = (before, python), (REPOSITORY, sys.executable)
            for number, steps in enumerate(
                (
                    [(old, MIGRATE), (old, SEED), (new, MIGRATE), (new, SEED)],
                    [(old, MIGRATE), (new, MIGRATE), (old, SEED), (new, SEED)],
                )
            ):
                name = f"{version}-{number}"
                with psycopg.connect(server.url, autocommit=True) as admin:
                    admin.execute(f'CREATE DATABASE "{name}"'.encode())
                for (code, program), command in steps:
                    url = server.url.replace("/postgres?", f"/{name}?")
                    variables = {**os.environ, **VARIABLES, "DATABASE_URL": url, "PYTHONPATH": str(code)}
                    ran = subprocess.run([program, "manage.py", *command], cwd=code, env=variables, check=False)
                    if ran.returncode:
                        print(f"{version}: {command[0]} of {'this version' if code is REPOSITORY else 'it'} failed.")
                        return 1
        finally:
            _git("worktree", "remove", "--force", str(before))
    print(f"{version}: migrated with its data, and written to by it afterwards.", flush=True)
    return 0


def _python_of(before: Path) -> str:
    """Return a Python with that version's libraries: this one, or one made for it."""
    if (before / "requirements.txt").read_bytes() == (REPOSITORY / "requirements.txt").read_bytes():
        return sys.executable
    subprocess.run([sys.executable, "-c", "import run; run.prepare()"], cwd=before, check=True)
    return str(before / ".venv" / "bin" / "python")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
