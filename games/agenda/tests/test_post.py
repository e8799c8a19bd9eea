"""What an agenda shows, within Discord's limits, and when it is looked at; without Discord."""

import re
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import GUILD, World
from discord_bot import render
from games.agenda.notifications import EDIT_INTERVAL
from games.agenda.post import AgendaPost, agenda_post
from games.agenda.tests.helpers import MESSAGE, due_agendas, switch_on
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.models import Agenda, AgendaGames, Game
from games.models.settings import GuildDefaults
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.testing.odd_inputs import SHORT_ODD_INPUTS
from guilds.models import Channel
from notifications.daemon import steps
from notifications.messages import SentMessage
from notifications.models import Notification

TEXT_MAX, COMPONENTS_MAX = 4000, 40


def built(world: World, channel_id: int = fixtures.GAME_NIGHT_ID) -> AgendaPost:
    agenda = Agenda.objects.select_related("channel__guild__defaults", "channel__defaults").get(pk=channel_id)
    return agenda_post(agenda, world.now)


def many_games(world: World, titles: list[str], channel: Channel | None = None, every: timedelta | None = None) -> None:
    """Store games as many as titles, one after the other: each action takes a while."""
    first = Game.objects.get(pk=world.create_game(channel_id=(channel or world.channel).pk).pk)
    games = []
    for number, title in enumerate(titles, 1):
        game = copy(first)
        game.pk, game.title = None, title
        game.starts_at = world.now + number * (every or timedelta(hours=2))
        game.ends_at = game.starts_at + timedelta(hours=1)
        games.append(game)
    Game.objects.bulk_create(games)
    from games.models import Announcement

    unposted = Game.objects.filter(announcement=None)
    Announcement.objects.bulk_create(Announcement(game=game, channel_id=game.channel_id) for game in unposted)


def components_of(post: AgendaPost) -> tuple[int, int]:
    """Return how many components the message has, and how many characters of text."""
    view = render.post_message(post)["view"]
    items = list(view.walk_children())
    return len(items), sum(len(getattr(item, "content", "")) for item in items)


def test_three_hundred_games_in_31_days_are_within_discords_limits(world: World) -> None:
    switch_on(world, 31)
    many_games(world, ["Dune"] * 300)
    for title in ("🎲" * 200, "*" * 200, "@everyone " * 20, "[x](https://x.example)" * 9, "]" * 200):
        Game.objects.update(title=title)
        post = built(world)
        count, length = components_of(post)
        assert (count <= COMPONENTS_MAX, length <= TEXT_MAX) == (True, True), title
        assert len(post.game_ids) == 301
        lines = len(re.findall(r"^- <t:", post.text, re.MULTILINE))
        assert f"… and {301 - lines} more](" in post.text, title
        assert lines > 5, title
        assert "@everyone" not in post.text.replace("\\@everyone", "")


def test_it_takes_the_same_queries_however_many_games(world: World) -> None:
    switch_on(world, 31, agenda_games=AgendaGames.SERVER)
    many_games(world, ["Dune"], world.other_channel)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            built(world)
        return len(queries)

    few = count()
    many_games(world, ["Root"] * 100, world.other_channel)
    assert count() == few <= 9


def test_no_title_breaks_out_of_its_line(world: World) -> None:
    """As many at once as the post has place for, whatever they are."""
    switch_on(world)
    many_games(world, ["Dune"] * 4, every=timedelta())
    games = list(Game.objects.all())
    Game.objects.update(starts_at=games[0].starts_at, ends_at=games[0].ends_at)
    titles = {
        " ".join(text.replace("\0", "").encode(errors="ignore").decode().split())[:200] for text in SHORT_ODD_INPUTS
    }
    wanted = sorted(filter(None, titles))
    for first in range(0, len(wanted), len(games)):
        for game, title in zip(games, wanted[first:], strict=False):
            game.title = title
        Game.objects.bulk_update(games, ["title"])
        post = built(world)
        for game in games:
            link = rf"^- <t:\d+:t> \*\*\[.*\]\({re.escape(game.url)}\)\*\* · "
            assert len(re.findall(link, post.text, re.MULTILINE)) == 1, game.title
        assert len(post.text.split("\n")) == 3 + len(games), [game.title for game in games]


def test_days_are_by_the_clock_of_the_channels_zone(world: World) -> None:
    GuildDefaults.objects.filter(pk=GUILD).update(zone="Pacific/Auckland")
    zone = ZoneInfo("Pacific/Auckland")
    switch_on(world, 1)
    world.now = datetime(2027, 3, 5, 23, 0, tzinfo=zone).astimezone(UTC)
    world.create_game(title="Tonight", starts_at=world.now + timedelta(minutes=30))
    world.create_game(title="Tomorrow", starts_at=world.now + timedelta(hours=2))
    post = built(world)
    assert "### Friday, 5 March" in post.text
    assert ("Tonight" in post.text, "Tomorrow" in post.text) == (True, False)
    assert post.next_at == world.now + timedelta(minutes=30)
    world.now += timedelta(minutes=40)
    assert built(world).next_at == datetime(2027, 3, 6, tzinfo=zone), "midnight there"


def test_what_began_yesterday_stands_under_today(world: World) -> None:
    switch_on(world, 2)
    midnight = (world.now + timedelta(days=2)).replace(hour=0, minute=0, second=0)
    world.create_game(title="Long", starts_at=midnight - timedelta(hours=1), duration=600)
    world.now = midnight + timedelta(hours=1)
    text = built(world).text
    assert text.count("### ") == 1
    assert f"### {world.now:%A}" in text
    assert "· now" in text


def test_a_thread_counts_as_its_channel(world: World) -> None:
    thread = Channel.objects.create(
        pk=999, guild=world.guild, name="table", type=11, parent=world.channel, bot_permissions=-1
    )
    game = world.create_game(title="In a thread")
    Game.objects.filter(pk=game.pk).update(channel=thread)
    switch_on(world)
    switch_on(world, channel_id=fixtures.RAIDS_ID, agenda_games=AgendaGames.SERVER)
    assert "In a thread" in built(world).text
    assert "In a thread" in built(world, fixtures.RAIDS_ID).text


def test_drafts_and_unannounced_games_are_not_listed(world: World) -> None:
    switch_on(world)
    game = world.create_game(title="Secret")
    Game.objects.filter(pk=game.pk).update(announced_at=None)
    assert "Secret" not in built(world).text


# --- when it is looked at ----------------------------------------------------------------------------------


def join_queries(world: World, game: Game, user: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        signups.join(game.pk, user, Actor(user, EntryPoint.BUTTON), world.now)
    return len(queries)


def test_a_click_takes_no_statement_more_and_without_agendas_no_row_more(world: World) -> None:
    dana, eve, fay = world.add_members(range(10, 13))
    game = world.create_game(seats=0)
    join_queries(world, game, dana)  # what is read once
    without = join_queries(world, game, eve)
    assert not Notification.objects.filter(kind=NotificationKind.AGENDA_CHANGE).exists()
    switch_on(world, channel_id=fixtures.RAIDS_ID)
    assert join_queries(world, game, fay) == without
    assert Notification.objects.filter(kind=NotificationKind.AGENDA_CHANGE).count() == 1


def test_it_is_edited_every_thirty_seconds_at_most(world: World) -> None:
    switch_on(world)
    world.create_game()
    message_ids, edits = iter([MESSAGE]), []
    began = world.now
    for number in range(30):
        if number > 5:
            Game.objects.update(title=f"Dune {number}")
            Notification.objects.filter(kind=NotificationKind.AGENDA, closed_at=None).update(due_at=world.now)
        for job in due_agendas(world.now):
            edits.append(world.now)
            sent = SentMessage(world.channel.pk, job.message.message_id or next(message_ids))
            steps.record([(job, sent)], world.now)
        world.now += timedelta(seconds=4)
    gaps = [after - before for before, after in pairwise(edits)]
    assert gaps
    assert min(gaps) >= EDIT_INTERVAL
    assert len(edits) <= 2 + (world.now - began) // EDIT_INTERVAL


def test_a_change_during_the_edit_is_not_lost(world: World) -> None:
    switch_on(world)
    [job] = due_agendas(world.now)
    game = world.create_game(title="Dune")
    world.now += timedelta(seconds=10)
    steps.create_due_deliveries(world.now)
    steps.record([(job, SentMessage(world.channel.pk, MESSAGE))], world.now)
    world.now += EDIT_INTERVAL
    [edit] = due_agendas(world.now)
    assert game.title in edit.message.post.text


def test_an_agenda_of_another_channel_is_left_alone(world: World) -> None:
    switch_on(world, channel_id=fixtures.RAIDS_ID)
    [job] = due_agendas(world.now)
    steps.record([(job, SentMessage(fixtures.RAIDS_ID, MESSAGE))], world.now)
    due_at = Notification.objects.open().get(kind=NotificationKind.AGENDA).due_at
    world.create_game()
    world.now += timedelta(minutes=1)
    assert not due_agendas(world.now)
    assert Notification.objects.open().get(kind=NotificationKind.AGENDA).due_at == due_at
