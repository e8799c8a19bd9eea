"""The demo's people and places, as the local Discord has them, and an operator. Safe to run again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from games.levels import GuildDefaults
from gamesched.lib.clock import db_now
from guilds.actions import see_guild, see_user
from guilds.models import Guild, User
from guilds.seen import SeenGuild, SeenUser

GUILD = 1200000000000000001
OPERATOR = SeenUser(1300000000000000001, "alice", "Alice")


class Command(BaseCommand):
    help = "Make Alice of the local Discord an operator, who may open the admin. Refuses without DISCORD_API_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DISCORD_IS_LOCAL:
            raise CommandError("This is for the local Discord.\nSet DISCORD_API_URL, or leave the demo's people out.")
        if not User.objects.filter(pk=OPERATOR.id).exists():
            see_user(OPERATOR)
        User.objects.filter(pk=OPERATOR.id).update(is_staff=True, is_superuser=True)
        if not Guild.objects.filter(pk=GUILD).exists():
            # Whoever is there may schedule; the bot writes down the rest when it connects.
            see_guild(SeenGuild(GUILD, "Friday Night Dice", "", OPERATOR.id, (), ()), db_now())
            GuildDefaults.objects.create(guild_id=GUILD, host_role_ids=[GUILD])
        self.stdout.write("Alice may open the admin.")
