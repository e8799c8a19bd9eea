"""Archiving games that are over: the post moves to the archive, or stays and shows why."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.notification_schedule import bump_post_version
from games.core.resolved_settings import THE_SERVER
from games.core.state_wording import NOT_OVER
from games.core.states import State
from games.core.wording import UNKNOWN_CHANNEL, inherits
from games.models import Announcement, Game
from games.posts import actions as post_actions
from games.posts.archive import archive_game
from games.posts.problems import announcement_problem
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.models import Channel, Guild
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Notification

pytestmark = pytest.mark.slow

OLD, NEW = 777, 888


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game with a post that goes to another channel two hours after its end."""
    created = world.create_game(archive_channel_id=world.other_channel.pk, archive_after=120)
    Announcement.objects.update(message_id=OLD, shown_version=1)
    Notification.objects.exclude(kind="archive").update(closed_at=world.now)
    return created


def posts(world: World, *outcomes: Any) -> list[OutgoingMessage]:
    """Return what is sent now, each with its recorded result."""
    at = due(Game.objects.get())
    jobs = steps.lease_jobs(at, 10)
    assert len(jobs) == len(outcomes)
    steps.record(list(zip(jobs, outcomes, strict=True)), at)
    return [job.message for job in jobs]


def due(game: Game) -> Any:
    return game.ends_at + timedelta(hours=2)


def sent(world: World) -> SentMessage:
    return SentMessage(world.other_channel.pk, NEW)


def test_the_post_moves_at_its_time(world: World, game: Game, as_person: Any) -> None:
    assert Notification.objects.get(kind="archive").due_at == due(game)
    steps.create_due_deliveries(due(game))
    archived = Game.objects.get()
    assert archived.state(due(game)) is State.ARCHIVED
    assert Announcement.objects.get().message_id == OLD, "until the new one is there"
    [new] = posts(world, sent(world))
    assert (new.channel_id, new.message_id, new.text, new.ping_roles) == (world.other_channel.pk, None, "", ())
    assert new.post.state_text == "Archived"
    assert not new.post.may_sign_up
    post = Announcement.objects.get()
    assert (post.channel_id, post.message_id, post.problem_code) == (world.other_channel.pk, NEW, "")
    [old] = posts(world, SentMessage(world.channel.pk, OLD))
    assert (old.delete, old.channel_id, old.message_id) == (True, world.channel.pk, OLD)
    Game.objects.update(starts_at=world.now - timedelta(hours=9), ends_at=world.now - timedelta(hours=7))
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert "Archived" in page
    assert "We archived it as planned" in page
    assert reverse("game-archive", args=[game.pk]) not in page
    player = as_person(world.charlie)
    assert "Archived" in player.get(game.get_absolute_url()).text
    past = player.get(reverse("guild", args=[world.guild.pk]), {"show": "past"}).text
    assert f'id="game-{game.pk}"' in past, "the list still has it"


def test_an_archived_post_changes_only_by_edits(world: World, game: Game) -> None:
    steps.create_due_deliveries(due(game))
    posts(world, sent(world))
    posts(world, SentMessage(world.channel.pk, OLD))
    assert post_actions.repair_games(due(game)) == 0
    bump_post_version(Game.objects.with_guild_and_channel().get(), due(game))
    [edit] = posts(world, sent(world))
    assert (edit.channel_id, edit.message_id) == (world.other_channel.pk, NEW)
    assert post_actions.repost_deleted_posts([NEW], due(game)) == 0
    bump_post_version(Game.objects.with_guild_and_channel().get(), due(game))
    assert not steps.lease_jobs(due(game), 10), "what somebody deleted in the archive is not put back"


@pytest.mark.parametrize("known", [True, False])
def test_the_old_post_stays_if_the_bot_may_not_post_in_the_archive(world: World, game: Game, known: bool) -> None:
    if known:
        Channel.objects.filter(pk=world.other_channel.pk).update(bot_permissions=0)
    steps.create_due_deliveries(due(game))
    if not known:
        posts(world, PermanentError("Missing Permissions", PermanentError.MISSING_PERMISSION))
    post = Announcement.objects.get()
    assert (post.channel_id, post.message_id) == (world.channel.pk, OLD)
    assert announcement_problem(post.game).startswith("Not archived:")
    assert "#raids" in announcement_problem(post.game)
    with translation.override("en-xa"):
        assert not announcement_problem(post.game).startswith("Not archived:")
    assert Game.objects.get().state(due(game)) is State.COMPLETED
    assert not Notification.objects.open().exists()
    Channel.objects.update(bot_permissions=world.channel.bot_permissions)
    archive_game(game.pk, Actor(world.bob, EntryPoint.PAGE), due(game))
    posts(world, sent(world))
    assert Announcement.objects.get().problem_code == ""


def test_an_edit_that_was_under_way_loses_nothing(world: World, game: Game) -> None:
    bump_post_version(Game.objects.with_guild_and_channel().get(), due(game))
    [edit] = steps.lease_jobs(due(game), 10)
    steps.create_due_deliveries(due(game))
    steps.record([(edit, SentMessage(world.channel.pk, OLD))], due(game))
    assert not Notification.objects.filter(kind="takedown").exists()
    [new] = posts(world, sent(world))
    assert new.channel_id == world.other_channel.pk
    post_actions.record_shown_post_version(game.pk, OLD, Game.objects.get().post_version, due(game))
    assert Announcement.objects.get().message_id == NEW


def test_a_reply_to_an_old_click_does_not_stop_the_move(world: World, game: Game) -> None:
    steps.create_due_deliveries(due(game))
    post_actions.record_shown_post_version(game.pk, OLD, Game.objects.get().post_version, due(game))
    posts(world, sent(world))


def test_the_host_archives_now(world: World, game: Game, as_person: Any, capsys: Any) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    with pytest.raises(Refused, match=NOT_OVER):
        archive_game(game.pk, by, world.now)
    with pytest.raises(Refused, match=NOT_OVER):
        archive_game(game.pk, by, game.starts_at)
    with refuses("not_yours"):
        archive_game(game.pk, Actor(world.charlie, EntryPoint.PAGE), game.ends_at)
    Game.objects.update(starts_at=world.now - timedelta(hours=3), ends_at=world.now - timedelta(hours=1))
    url = reverse("game-archive", args=[game.pk])
    assert url not in as_person(world.charlie).get(game.get_absolute_url()).text
    host = as_person(world.bob)
    assert url in host.get(game.get_absolute_url()).text
    assert "Its post moves to #raids" in host.post(url, headers={"HX-Request": "true"}).text
    assert "Bob the GM archived it" in host.get(game.get_absolute_url()).text
    assert not Notification.objects.open().filter(kind="archive").exists()
    call_command("game", "archive", str(game.pk))
    assert "already archived" in capsys.readouterr().out


def test_only_games_that_are_over_and_have_an_archive(world: World, game: Game, as_person: Any) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    # A longer game is archived later, and one without an archive not at all.
    plan = {"archive_channel_id": world.other_channel.pk, "archive_after": 0}
    scheduling.edit_game(game.pk, world.make_plan(duration=300, **plan), by, world.now)
    row = Notification.objects.open().get(kind="archive")
    assert row.due_at == game.starts_at + timedelta(hours=5)
    scheduling.edit_game(game.pk, world.make_plan(archive_channel_id=0), by, world.now)
    assert not Notification.objects.open().filter(kind="archive").exists()
    with refuses("no_archive"):
        archive_game(game.pk, by, due(game))
    # Its channel is deleted meanwhile.
    scheduling.edit_game(game.pk, world.make_plan(**plan), by, world.now)
    Channel.objects.filter(pk=world.other_channel.pk).update(deleted_at=world.now)
    steps.create_due_deliveries(due(game))
    assert Game.objects.get().archived_at is None
    # Called off.
    other = world.create_game(**plan)
    cancellation.cancel_game(other.pk, "", by, world.now)
    assert not Notification.objects.open().filter(kind="archive", game=other).exists()
    with pytest.raises(Refused, match="is cancelled"):
        archive_game(other.pk, by, due(game))


def test_an_archive_must_be_in_the_same_guild(world: World) -> None:
    elsewhere = Guild.objects.create(id=5, name="Elsewhere", owner_id=world.alice.pk)
    other_guild_channel = Channel.objects.create(id=6, guild=elsewhere, name="archive", type=0, position=0)
    with pytest.raises(Refused, match=UNKNOWN_CHANNEL):
        world.create_game(archive_channel_id=other_guild_channel.pk)


def test_the_sweep_retries_a_move_that_was_given_up(world: World, game: Game) -> None:
    steps.create_due_deliveries(due(game))
    Notification.objects.filter(kind="announcement").update(closed_at=due(game), skip_reason="gave up after 700 tries")
    assert post_actions.repair_games(due(game)) == 1
    assert post_actions.repair_games(due(game)) == 0
    [new] = posts(world, sent(world))
    assert new.channel_id == world.other_channel.pk
    Notification.objects.update(closed_at=due(game))
    assert post_actions.repair_games(due(game)) == 0


def test_archiving_a_game_never_posted_pings_nobody(world: World, game: Game) -> None:
    role = world.guild.roles.exclude(pk=world.guild.pk).get()
    Game.objects.update(notify_role_ids=[role.pk])
    Announcement.objects.update(message_id=None, shown_version=0)
    steps.create_due_deliveries(due(game))
    [new] = posts(world, sent(world))
    assert (new.text, new.ping_roles) == ("", ())


def test_the_channel_is_named_in_the_settings(world: World) -> None:
    from games.models.layers import inherited_settings
    from games.models.settings import GuildDefaults
    from games.server_settings.base_forms import LayerSettingsForm, archive_choices

    GuildDefaults.objects.update(archive_channel_id=world.other_channel.pk)
    form = LayerSettingsForm(
        roles=[],
        inherited=inherited_settings(GuildDefaults.objects.get().guild, None, None),
        archives=archive_choices(world.guild),
    )
    field = form.fields["archive_channel_id"]
    assert field.choices[0] == ("", inherits("#raids", THE_SERVER))  # type: ignore[attr-defined]
    assert field.help_text == "", "and it is not said twice"
