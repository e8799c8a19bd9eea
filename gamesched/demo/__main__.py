"""`python -m gamesched.demo demo|reset|manage …`, started by run.py. Needs no settings."""

import os
import sys

from gamesched.demo import supervisor
from gamesched.demo.environment import REPOSITORY, environment
from gamesched.demo.postgres import Server, ServerProblem


def main() -> int:
    word, *rest = sys.argv[1:] or ["demo"]
    try:
        if word == "reset":
            return supervisor.reset()
        if word == "manage":
            return manage(rest)
        return supervisor.run()
    except ServerProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def manage(words: list[str]) -> int:
    """Run manage.py with the demo's settings, beside a running demo or with its PostgreSQL started temporarily."""
    server = None if os.environ.get("DATABASE_URL") else Server("demo")
    variables = environment(server.url if server else os.environ["DATABASE_URL"])
    started = server is not None and not {"makemigrations", "check", "--help"} & set(words) and not server.is_up()
    if server is not None and started:
        server.start()
    try:
        return supervisor.run_in_foreground([sys.executable, str(REPOSITORY / "manage.py"), *words], variables)
    finally:
        if server is not None and started:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
