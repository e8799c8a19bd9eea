"""Makes the key by which push services know a site."""

from typing import Any

from django.core.management.base import BaseCommand

from gamesched.lib.vapid import new_private_key


class Command(BaseCommand):
    help = (
        "Print a new VAPID_PRIVATE_KEY for notifications on people's devices. Keep it: from another, they take nothing."
    )
    requires_system_checks = ()  # it changes nothing, and what they would miss may be this key

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"VAPID_PRIVATE_KEY={new_private_key()}")
