#!/usr/bin/env python3
"""Django's command line for Game Scheduler."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gamesched.settings")
    from django.core.management import execute_from_command_line
    from django.core.management.base import CommandError
    from django.db import Error

    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except Error as error:
        from gamesched.lib.readiness import explain

        try:
            explain(error)
        except CommandError as mistake:
            sys.stderr.write(f"{mistake}\n")
            sys.exit(1)
        raise
