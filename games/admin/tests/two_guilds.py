"""Two guilds with a row of every table each, and a manager of the first who must learn nothing of the second."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from conftest import GUILD, MANAGE_GUILD, PERMISSIONS, World, make_world
from discord_bot.models import Interaction
from games.core.base import Actor, EntryPoint
from games.models import Agenda, Announcement, AuditEntry, Game, GameTemplate, Series, Signup, TimePoll
from games.models.settings import ChannelDefaults, GuildDefaults
from games.polls.tests.helpers import make_poll, tick
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.testing.stored_rows import Rows, stored_rows
from guilds.admin_site import GuildScopedAdmin
from guilds.directory import upsert
from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.models import Block, Channel, Guild, Member, Role, User
from notifications.models import Delivery, DeliveryStatus, Notification

# Every text of guild B has this in it, so that no page may.
MARK = "Zanzibar"
TYPED = "anziba"  # what a term finds, which a page may repeat
OTHER = GUILD + 1000
ORGANISER = GUILD + 20

SCOPED = {model: one for model, one in admin.site._registry.items() if isinstance(one, GuildScopedAdmin)}


def name_of(model: type[Model]) -> str:
    return model._meta.label_lower


def make_manager(world: World) -> User:
    """Give Bob the role with Manage Server."""
    payload = MemberPayload(UserPayload(world.bob.pk, "bob"), "Bob the GM", "", (ORGANISER,))
    return upsert.upsert_member(GUILD, payload, world.now + timedelta(minutes=1)).user


def furnish(world: World, guild: Guild, channel: Channel, host: User, player: User, word: str) -> None:
    """Create one row of every table in one guild."""
    actor, now = Actor(host, EntryPoint.PAGE), world.now
    template = GameTemplate.objects.create(guild=guild, name=f"{word} campaign", channel=channel)
    plan = world.make_plan(title=f"{word} game", channel_id=channel.pk, template_id=template.pk, location=word)
    game = scheduling.create_game(guild.pk, plan, actor, now).game
    signups.join(game.pk, player, actor, now)
    start = game.starts_at
    Series.objects.create(
        game_values={},
        guild=guild, source=game, rule="FREQ=WEEKLY", first_date=start.date(), start_time=start.time(), zone="UTC",
        lead_days=7, make_at=start, created_at=now, problem_code=f"{word}-problem",
    )  # fmt: skip
    GuildDefaults.objects.update_or_create(guild=guild, defaults={"location": word})
    ChannelDefaults.objects.create(channel=channel, location=word)
    Agenda.objects.create(channel=channel, guild=guild, days=7, problem_code="refused")
    poll = make_poll(world, host, guild.pk, title=f"{word} poll", channel_id=channel.pk, template_id=template.pk)
    tick(poll, player, world, [0])
    Block.objects.create(guild=guild, user=player, reason=word, created_at=now)
    AuditEntry.objects.create(guild=guild, game=game, actor=host, source=f"{word}-door", action=f"{word}-verb", at=now)
    row = Notification.objects.create(game=game, kind=f"{word}-kind", recipient=host, due_at=now)
    Delivery.objects.create(
        notification=row, recipient=host, status=DeliveryStatus.FAILED, next_attempt_at=now, error=f"{word} failed"
    )
    Announcement.objects.filter(game=game).update(problem=f"{word} problem")
    Interaction.objects.create(
        id=guild.pk + 5, at=now, guild=guild, person_id=host.pk, person=f"{word} person", name="x", outcome="done"
    )


def make_two_guilds() -> World:
    """Create guild A with Bob as manager, and a guild B that he must not learn of; Charlie is in both."""
    world = make_world(datetime.now(UTC).replace(microsecond=0))
    make_manager(world)
    host = UserPayload(1300000000000000900, f"{MARK}-host")
    channels = (ChannelPayload(OTHER + 10, f"{MARK}-channel", 0, 0, PERMISSIONS),)
    roles = (RolePayload(OTHER, "@everyone", 0, PERMISSIONS), RolePayload(OTHER + 20, f"{MARK} role", 1, MANAGE_GUILD))
    upsert.upsert_guild(GuildPayload(OTHER, f"{MARK} guild", "", host.id, channels, roles), world.now)
    stranger = upsert.upsert_member(OTHER, MemberPayload(host, f"{MARK} nick"), world.now).user
    charlie = upsert.upsert_member(
        OTHER, MemberPayload(UserPayload(world.charlie.pk, "charlie"), f"{MARK} Charlie"), world.now
    )
    furnish(world, world.guild, world.channel, world.bob, world.charlie, "Avalon")
    furnish(world, Guild.objects.get(pk=OTHER), Channel.objects.get(pk=OTHER + 10), stranger, charlie.user, MARK)
    return world


def other_guild_pks(model: type[Model]) -> list[Any]:
    """Return the primary keys of a table's rows in guild B."""
    paths = {
        Guild: "pk", Game: "guild", Signup: "game__guild", Announcement: "game__guild", AuditEntry: "guild",
        GameTemplate: "guild", GuildDefaults: "pk", ChannelDefaults: "channel__guild", Channel: "guild", Role: "guild",
        Member: "guild", Block: "guild", Notification: "game__guild", Delivery: "notification__game__guild",
        Interaction: "guild", TimePoll: "guild", Series: "guild", Agenda: "guild",
    }  # fmt: skip
    pks = list(model._default_manager.filter(**{paths[model]: OTHER}).values_list("pk", flat=True))
    assert pks, f"the test has no {model.__name__} in guild B"
    return pks


def everything() -> Rows:
    """Return all rows of our tables, to compare; on a slow machine Discord is asked again meanwhile."""
    ours = [m for m in apps.get_models() if m._meta.app_label in {"guilds", "games", "notifications", "discord_bot"}]
    rows = stored_rows(ours)
    for row in rows["guilds.User"]:
        del row["last_login"]
    for row in rows["guilds.Member"]:
        del row["member_read_at"], row["roles_read_at"]
    return rows


def clean(response: Any) -> None:
    """Assert that nothing of guild B is on the page."""
    assert MARK not in response.text
    assert str(OTHER) not in response.text


def lists(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def edit_of(game: Game) -> dict[str, Any]:
    """Return the form data of the game as a browser would send it unchanged."""
    rows = {f"{rows}-{count}": 0 for rows in ("signups", "notifications") for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {
        "title": game.title, "description": game.description, "channel": game.channel_id,
        "template": game.template_id or "", "starts_at_0": f"{game.starts_at:%Y-%m-%d}",
        "starts_at_1": f"{game.starts_at:%H:%M:%S}", "zone": game.zone, "seats": game.seats,
        "duration": game.duration, "reminders": "1440,60", "location": game.location or "", "instructions": "",
        "edition": game.edit_version, **rows,
    }  # fmt: skip
