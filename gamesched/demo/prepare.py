"""Brings the demo's database and the local Discord's commands up to date: `python -m gamesched.demo.prepare`.

One process rather than three, since each spends most of its time on starting.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gamesched.settings")

if __name__ == "__main__":
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    try:
        call_command("migrate", verbosity=0)
        call_command("seed_demo")
        # The slash commands too: the local Discord, which listens by now, stores them.
        call_command("sync_commands")
    except CommandError as reason:
        sys.exit(str(reason))
