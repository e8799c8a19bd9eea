"""/game series: how a series stands, and what its buttons do, by the rules of the page."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.urls import reverse

from conftest import World, make_world
from discord_bot.interactions import series
from discord_bot.interactions.command_use import CommandReply, use_command
from discord_bot.interactions.series import SeriesReply, show_series
from discord_bot.interactions.series_state import SeriesAction, SeriesChoice
from discord_bot.interactions.suggestions import find_choices
from discord_bot.tests.test_creation import hide, payload
from games.core import wording as core_wording
from games.core.base import EntryPoint
from games.core.codes import AuditAction
from games.core.wording import timestamp
from games.models import AuditEntry, Game, Series
from games.scheduling import cancellation
from games.series import actions, wording
from games.series.tests.scene import WEEK, bob, local_start, repeat
from gamesched.lib.refusal import Refused
from gamesched.local_discord import fixtures
from gamesched.testing.programs import run_program
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.models import Guild, User


def use(
    world: World,
    game: Game,
    action: SeriesAction = SeriesAction.SHOW,
    number: int = 0,
    words: str = "",
    by: User | None = None,
    guild: int = 0,
) -> CommandReply:
    """Do something about the series of a game, as Bob or another one."""
    work = partial(show_series, choice=SeriesChoice(action, game.pk, number), words=words)
    member = payload(by or world.bob)
    return use_command(guild or world.guild.pk, member, work, (words,), EntryPoint.BUTTON)


def sent(reply: CommandReply) -> tuple[str, list[str]]:
    """Return the text that Discord gets, and the custom ids under it."""
    content = series._contents(reply)
    view = content["view"]
    ids = [getattr(getattr(one, "item", one), "custom_id", None) for one in view.children] if view is not None else []
    return content["content"], [str(one) for one in ids if one]


@pytest.fixture
def game(world: World) -> Game:
    made = world.create_game(title="Curse of *Strahd*")
    repeat(world, made)
    return made


def dates(reply: CommandReply) -> list[tuple[date, bool]]:
    assert isinstance(reply, SeriesReply)
    assert reply.overview is not None
    return [(one.day, one.skipped) for one in reply.overview.dates]


def test_it_tells_the_rule_the_next_dates_and_what_can_be_done(world: World, game: Game) -> None:
    text, ids = sent(use(world, game))
    assert "Repeats weekly on" in text
    assert "Curse of \\*Strahd\\*" in text
    assert f"<t:{int((game.starts_at + WEEK).timestamp())}:F>" in text
    assert ids == [f"series:date:{game.pk}", f"series:pause:{game.pk}:0", f"series:end:{game.pk}:0"]
    assert dates(use(world, game))[0] == (local_start(game).date() + WEEK, False), "its own date has a game"
    assert not AuditEntry.objects.filter(action__startswith="pause").exists()


def test_a_date_is_skipped_once_and_taken_in_again(world: World, game: Game) -> None:
    day = local_start(game).date() + WEEK
    for outcome in ("done", "nothing"):
        assert use(world, game, SeriesAction.SKIP, day.toordinal()).outcome == outcome
    reply = use(world, game)
    assert dates(reply)[0] == (day, True)
    assert wording.SKIPPED in sent(reply)[0]
    assert use(world, game, SeriesAction.UNSKIP, day.toordinal()).outcome == "done"
    assert Series.objects.get().skipped == []
    assert [row.source for row in AuditEntry.objects.filter(action=AuditAction.SKIP_DATE)] == ["button"]


@pytest.mark.parametrize("words", ["until {}", "{}", "{} 20:00"])
def test_it_pauses_until_a_day_in_words_and_resumes(world: World, game: Game, words: str) -> None:
    day = local_start(game).date() + 3 * WEEK
    typed = words.format(f"{day.day} {day:%B} {day.year}")
    reply = use(world, game, SeriesAction.PAUSE, words=typed)
    assert reply.text == wording.paused(day)
    assert Series.objects.get().paused_until == day
    assert all(one >= day for one, _ in dates(reply)), "no date of the break is offered"
    assert f"series:resume:{game.pk}:{day.toordinal()}" in sent(reply)[1]
    assert use(world, game, SeriesAction.PAUSE, words=typed).outcome == "nothing"
    assert use(world, game, SeriesAction.RESUME, day.toordinal()).outcome == "done"
    assert Series.objects.get().paused_until is None


def test_the_name_of_today_pauses_for_a_week(world: World, game: Game) -> None:
    today = Series.objects.get().today(world.now)
    for words in (f"{today:%A}", f"until {today:%a}"):
        assert use(world, game, SeriesAction.PAUSE, words=words).text == wording.paused(today + WEEK)
    for words in ("today", f"{today.day} {today:%B} {today.year}"):
        assert use(world, game, SeriesAction.PAUSE, words=words).text.startswith(wording.BREAK_PAST)
    assert Series.objects.get().paused_until == today + WEEK


def test_resume_from_before_another_break_ends_none(world: World, game: Game) -> None:
    first, second = (local_start(game).date() + weeks * WEEK for weeks in (3, 5))
    actions.pause_series(game.pk, second, bob(world), world.now)
    reply = use(world, game, SeriesAction.RESUME, first.toordinal())
    assert reply.outcome == "refused"
    assert Series.objects.get().paused_until == second
    assert f"series:resume:{game.pk}:{second.toordinal()}" in sent(reply)[1], "it shows how it stands now"


@pytest.mark.parametrize(
    "words", ["", "x", "12/01", "30 february", "yesterday", "1 january 2199", "@everyone", "\0", "\u202e", "`" * 100]
)
def test_words_that_are_no_day_are_refused_in_a_sentence_and_given_back(world: World, game: Game, words: str) -> None:
    reply = use(world, game, SeriesAction.PAUSE, words=words)
    assert reply.outcome == "refused"
    assert Series.objects.get().paused_until is None
    text, ids = sent(reply)
    assert len(text) <= 2000
    assert f"series:pause:{game.pk}:0" in ids, "to be tried again"
    assert (words.strip("\0\u202e`@") in text) or not words


def test_it_asks_before_it_ends_and_ends_once(world: World, game: Game) -> None:
    reply = use(world, game, SeriesAction.END)
    assert Series.objects.get().ended_at is None
    assert sent(reply)[1] == [f"series:end_it:{game.pk}:0", f"series:show:{game.pk}:0"]
    for outcome in ("done", "nothing"):
        reply = use(world, game, SeriesAction.END_IT)
        assert reply.outcome == outcome
    assert sent(reply)[1] == [], "nothing is left to do"
    assert use(world, game, SeriesAction.END).outcome == "nothing"
    for action in (SeriesAction.PAUSE, SeriesAction.SKIP):
        assert use(world, game, action, 1, "in 4 weeks").outcome == "refused"


def test_a_series_that_ended_since_is_neither_resumed_nor_taken_in_again(world: World, game: Game) -> None:
    day = local_start(game).date() + WEEK
    until = day + 2 * WEEK
    use(world, game, SeriesAction.SKIP, day.toordinal())
    actions.pause_series(game.pk, until, bob(world), world.now)
    use(world, game, SeriesAction.END_IT)
    ended = Series.objects.values().get()
    for action, number in ((SeriesAction.RESUME, until.toordinal()), (SeriesAction.UNSKIP, day.toordinal())):
        reply = use(world, game, action, number)
        assert (reply.outcome, reply.text) == ("refused", wording.ENDED_ALREADY)
    assert Series.objects.values().get() == ended
    for change in (partial(actions.resume_series, game.pk), partial(actions.unskip_date, game.pk, day)):
        with pytest.raises(Refused, match=wording.ENDED_ALREADY):
            change(bob(world), world.now)


def test_a_date_whose_game_is_cancelled_or_moved_says_so(world: World, game: Game, as_person: Any) -> None:
    at = f"<t:{int(game.starts_at.timestamp())}:F>"
    assert f"- {at} · {wording.SCHEDULED}" in sent(use(world, game))[0]
    moved = game.starts_at + timedelta(minutes=30)
    Game.objects.filter(pk=game.pk).update(starts_at=moved)
    assert f"- {at} · {wording.moved_to(timestamp(moved))}" in sent(use(world, game))[0]
    cancellation.cancel_game(game.pk, "", bob(world), world.now)
    assert f"- {at} · {wording.CANCELLED}" in sent(use(world, game))[0]
    page = as_person(world.bob).get(reverse("game-repeat", args=[game.pk])).text
    assert (f"· {wording.CANCELLED}" in page, f"· {wording.SCHEDULED}" in page) == (True, False)


# --- who may -------------------------------------------------------------------------------------------------


def test_only_who_runs_it_is_offered_it_and_may_change_it(world: World, game: Game) -> None:
    day = local_start(game).date() + WEEK
    for action in SeriesAction:
        reply = use(world, game, action, day.toordinal(), "in 4 weeks", by=world.charlie)
        assert reply.text.startswith(core_wording.NOT_YOURS)
        assert sent(reply)[1] == []
    assert (Series.objects.get().skipped, Series.objects.get().paused_until) == ([], None)
    assert find_choices("series", world.guild.pk, payload(world.charlie), "") == []
    [choice] = find_choices("series", world.guild.pk, payload(world.bob), "strahd")
    assert choice.value == str(game.pk)
    assert "Repeats weekly" in choice.name
    assert find_choices("series", world.guild.pk, payload(world.bob), "catan") == []


@pytest.mark.parametrize("action", SeriesAction)
def test_a_series_of_another_server_or_hidden_does_not_exist(world: World, game: Game, action: SeriesAction) -> None:
    other = Guild.objects.create(pk=4242, name="Elsewhere", owner_id=world.bob.pk)
    assert use(world, game, action, 1, guild=other.pk).text.startswith(wording.CHOOSE_SERIES)
    hide(world.channel)
    before = Series.objects.values().get()
    assert use(world, game, action, 1, by=world.charlie).text.startswith(wording.CHOOSE_SERIES)
    assert Series.objects.values().get() == before


def test_a_game_that_does_not_repeat_and_forged_numbers_change_nothing(world: World, game: Game) -> None:
    alone = world.create_game(title="Alone")
    for action in SeriesAction:
        assert use(world, alone, action).text.startswith(wording.CHOOSE_SERIES)
        for number in (0, 1, 999_999_999):
            if action not in {SeriesAction.END_IT, SeriesAction.PAUSE}:
                use(world, game, action, number)
    assert (Series.objects.get().skipped, Series.objects.get().ended_at) == ([], None)
    for custom_id in ("series:skip:1:-1", "series:drop:1:1", "series:date:1", "series:skip:1:1:1", "series:skip:x:1"):
        assert SeriesChoice.parse(custom_id) is None


def test_of_each_series_one_game_is_offered_the_next_to_come(world: World, game: Game) -> None:
    later = world.create_game(title="Later", starts_at=game.starts_at + WEEK)
    Game.objects.filter(pk=later.pk).update(series=Series.objects.get(), series_date=local_start(later).date())
    over = world.create_game(title="Over")
    repeat(world, over, "FREQ=DAILY")
    Game.objects.filter(pk=over.pk).update(starts_at=world.now - timedelta(days=9), ends_at=world.now - WEEK)
    offered = [one.value for one in find_choices("series", world.guild.pk, payload(world.bob), "")]
    assert offered == [str(game.pk), str(over.pk)]
    soon = world.create_game(title="Soon", starts_at=world.now + timedelta(hours=5))
    repeat(world, soon)
    offered = [one.value for one in find_choices("series", world.guild.pk, payload(world.bob), "")]
    assert offered == [str(soon.pk), str(game.pk), str(over.pk)]
    Game.objects.filter(pk=game.pk).update(cancelled_at=world.now)
    assert str(later.pk) in [one.value for one in find_choices("series", world.guild.pk, payload(world.bob), "")]


def test_the_longest_series_fits_discord(world: World) -> None:
    game = world.create_game(title="*" * 200)
    repeat(world, game, "FREQ=DAILY", lead_days=30)
    text, _ = sent(use(world, game))
    assert len(text) <= 2000
    assert series._contents(use(world, game))["view"].total_children_count <= 25


# --- in Discord ----------------------------------------------------------------------------------------------


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_from_the_command_to_a_break_over_a_restart(now: Any) -> None:
    world = make_world(now)
    game = world.create_game(title="Curse of Strahd", channel_id=fixtures.GENERAL_ID)
    repeat(world, game)
    with Stack("bot") as stack:
        assert run_program(["manage.py", "sync_commands"], stack.variables).returncode == 0
        client = stack.discord.client

        def shown() -> dict[str, Any]:
            seen = client.messages("bob", fixtures.GENERAL_ID)
            return next((one for one in seen if one.get("flags", 0) & 64), {})

        typing = [{"type": 1, "name": "series", "options": [{"name": "series", "value": "cur", "focused": True}]}]
        [choice] = client.autocomplete("bob", fixtures.GENERAL_ID, "game", typing)["choices"]
        options = [{"name": "series", "value": choice["value"]}]
        client.use_command("bob", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "series", "options": options}])
        reply = eventually(shown)
        [select], [pause, end, web] = (row["components"] for row in reply["components"])
        assert web["url"] == f"{stack.url}{game.get_absolute_url()}repeat/"
        stack.kill("bot")
        stack.start("bot")
        client.click("bob", reply, select["custom_id"], values=[select["options"][0]["value"]])
        eventually(lambda: Series.objects.get().skipped)
        modal = client.click("bob", shown(), pause["custom_id"])["modal"]
        client.submit_modal("bob", modal, {"until": "in 5 weeks"})
        eventually(lambda: Series.objects.get().paused_until)
        eventually(lambda: "series:resume" in str(shown()["components"]))
        assert "Curse of Strahd" not in str(client.messages("charlie", fixtures.GENERAL_ID)), "it is private"
        assert client.click("bob", shown(), end["custom_id"])["response_type"] == 7, "in place"
        assert Series.objects.get().ended_at is None
        client.click("bob", shown(), f"series:end_it:{game.pk}:0")
        eventually(lambda: Series.objects.get().ended_at)
