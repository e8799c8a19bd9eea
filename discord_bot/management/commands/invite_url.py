"""Prints the link for inviting the bot to a server."""

from typing import Any

from django.core.management.base import BaseCommand

from games.pages.invite import invite_url


class Command(BaseCommand):
    help = "Print the link that invites the bot to a server, with just the permissions it needs."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(invite_url())
