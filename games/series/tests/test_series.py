"""Starting, changing, skipping, pausing and ending a series; the host's yes; and its regulars."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind, handle_choice
from games.core.codes import AuditAction, NotificationKind
from games.core.states import State
from games.models import AuditEntry, Game, Series, SeriesPlayer
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.series import actions, buttons, host_decision, rules
from games.series.expansion import make_due_games
from games.series.tests.scene import WEEK, bob, local_start, plan_from, repeat
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.lib.zones import zone_info
from guilds.directory.upsert import mark_member_left
from guilds.models import Block
from guilds.templatetags.zoned_times import when
from notifications.models import Notification
from notifications.types import get_message_type

DAY = timedelta(days=1)


def refusal_of(action: Any) -> str:
    with pytest.raises(Refused) as raised:
        action()
    return str(raised.value.refusal.code)


def test_a_game_becomes_the_first_of_its_series(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game)
    game.refresh_from_db()
    assert (game.series, game.series_date, game.series_start) == (series, local_start(game).date(), game.starts_at)
    assert series.source == game
    assert AuditEntry.objects.get(action=AuditAction.REPEAT).changes == {"rule": series.rule}


def test_a_changed_rule_counts_from_this_game_on_and_keeps_those_scheduled(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=15)
    assert make_due_games(world.now) == 1
    actions.repeat_game(game.pk, plan_from(game, "FREQ=DAILY", lead_days=7), bob(world), world.now)
    series.refresh_from_db()
    assert Series.objects.count() == 1
    assert make_due_games(world.now) == 4
    days = sorted((one.starts_at - game.starts_at).days for one in series.games.all())
    assert days == [0, 1, 2, 3, 4, 7], "no day twice, the one a week later among them"


def test_only_who_manages_the_game_repeats_it(world: World) -> None:
    game = world.create_game()
    charlie = Actor(world.charlie, EntryPoint.PAGE)
    assert refusal_of(lambda: actions.repeat_game(game.pk, plan_from(game), charlie, world.now)) == "not_yours"
    repeat(world, game)
    day = local_start(game).date() + WEEK
    for action in (
        lambda: actions.skip_date(game.pk, day, charlie, world.now),
        lambda: actions.unskip_date(game.pk, day, charlie, world.now),
        lambda: actions.pause_series(game.pk, day, charlie, world.now),
        lambda: actions.resume_series(game.pk, charlie, world.now),
        lambda: actions.end_series(game.pk, charlie, world.now),
    ):
        assert refusal_of(action) == "not_yours"
    other = world.create_game()
    assert refusal_of(lambda: actions.end_series(other.pk, bob(world), world.now)) == "no_series"


def test_a_series_that_cannot_be_leaves_nothing_behind(world: World) -> None:
    game = world.create_game()
    plan = plan_from(game, "FREQ=WEEKLY;COUNT=1")
    assert refusal_of(lambda: actions.repeat_game(game.pk, plan, bob(world), world.now)) == "ends_at_once"
    assert not Series.objects.exists()


def test_a_skipped_date_is_left_out_and_the_others_stay(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game)
    first = local_start(game).date()
    actions.skip_date(game.pk, first + WEEK, bob(world), world.now)
    assert not actions.skip_date(game.pk, first + WEEK, bob(world), world.now).changed
    later = game.starts_at + 2 * WEEK - DAY
    assert make_due_games(later) == 1
    assert sorted(one.series_date for one in series.games.all() if one.series_date) == [first, first + 2 * WEEK]
    assert refusal_of(lambda: actions.skip_date(game.pk, first + 2 * WEEK, bob(world), world.now)) == "made"
    assert refusal_of(lambda: actions.skip_date(game.pk, first + WEEK + DAY, bob(world), world.now)) == "not_a_date"


def test_a_date_taken_in_again(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=10)
    day = local_start(game).date() + WEEK
    actions.skip_date(game.pk, day, bob(world), world.now)
    assert make_due_games(world.now) == 0
    actions.unskip_date(game.pk, day, bob(world), world.now)
    assert make_due_games(world.now) == 1
    assert series.games.filter(series_date=day).exists()


def test_a_break_for_a_holiday_and_back(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, "FREQ=DAILY", lead_days=5)
    first = local_start(game).date()
    actions.pause_series(game.pk, first + 3 * DAY, bob(world), world.now)
    make_due_games(game.starts_at)
    days = sorted((one.series_date - first).days for one in series.games.all() if one.series_date)
    assert days == [0, 3, 4, 5]
    actions.resume_series(game.pk, bob(world), world.now)
    make_due_games(game.starts_at)
    assert series.games.filter(series_date=first + DAY).exists(), "those of the break that can still start"
    today = timezone.localtime(world.now).date()
    assert refusal_of(lambda: actions.pause_series(game.pk, today - DAY, bob(world), world.now)) == "past_break"
    assert refusal_of(lambda: actions.pause_series(game.pk, None, bob(world), world.now)) == "no_date"


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY", "FREQ=YEARLY"])
def test_a_long_break_is_over_one_day_or_is_refused(world: World, rule: str) -> None:
    game = world.create_game()
    series = repeat(world, game, rule)
    today = world.now.astimezone(zone_info(game.zone)).date()
    until = today + rules.LOOKED_AHEAD - DAY
    actions.pause_series(game.pk, until, bob(world), world.now)
    series.refresh_from_db()
    assert series.make_at is not None
    assert until - 7 * DAY <= series.make_at.date() < until + 366 * DAY
    assert make_due_games(series.make_at) == 1
    longer = until + 2 * DAY
    assert refusal_of(lambda: actions.pause_series(game.pk, longer, bob(world), world.now)) == "long_break"


def test_however_many_dates_are_skipped_the_series_goes_on(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, "FREQ=YEARLY")
    days = [one.day for one in rules.next_dates(actions.plan_of(series), world.now, 20)]
    skippable = [day for day in days[1:] if day <= world.now.date() + rules.LOOKED_AHEAD]
    for day in skippable:
        actions.skip_date(game.pk, day, bob(world), world.now)
    series.refresh_from_db()
    assert series.make_at is not None
    assert series.make_at.year == skippable[-1].year + 1


def test_an_ended_series_makes_no_more_and_can_begin_anew(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=10)
    assert actions.end_series(game.pk, bob(world), world.now).changed
    assert not actions.end_series(game.pk, bob(world), world.now).changed
    assert make_due_games(world.now + WEEK) == 0
    actions.repeat_game(game.pk, plan_from(game, lead_days=10), bob(world), world.now)
    assert make_due_games(world.now) == 1
    assert series.games.count() == 2


def test_one_moved_game_keeps_its_date_and_start_in_the_series(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=10)
    make_due_games(world.now)
    made = series.games.latest("pk")
    start = made.starts_at
    plan = scheduling.plan_from_game(made)
    moved = type(plan)(**{**plan.__dict__, "starts_at": start + DAY})
    scheduling.edit_game(made.pk, moved, bob(world), world.now)
    made.refresh_from_db()
    assert (made.starts_at, made.series_start) == (start + DAY, start), "for calendars: RECURRENCE-ID"
    assert make_due_games(world.now) == 0
    later = world.now + WEEK
    assert make_due_games(later) == 1
    assert series.games.latest("pk").starts_at - start in {WEEK, WEEK + timedelta(hours=1), WEEK - timedelta(hours=1)}


# --- in Discord --------------------------------------------------------------------------------------------


def press(world: World, game: Game, number: int) -> str:
    """Press one of the buttons that Discord shows, and return its choice."""
    choice = PromptChoice.parse(buttons.series_buttons(game, world.now)[number].id)
    with pytest.raises(Refused) as raised:
        handle_choice(choice, world.charlie, world.now)
    assert raised.value.refusal.code == "not_yours"
    assert handle_choice(choice, world.bob, world.now).changed
    return choice.choice


def test_buttons_skip_the_next_date_pause_and_resume(world: World) -> None:
    game = world.create_game()
    assert buttons.series_buttons(game, world.now) == ()
    series, first = repeat(world, game), local_start(game).date()
    game.refresh_from_db()
    assert press(world, game, 0) == "skip"
    series.refresh_from_db()
    assert series.skipped == [first + WEEK]
    game = Game.objects.get(pk=game.pk)
    assert press(world, game, 1) == "pause"
    series.refresh_from_db()
    assert series.paused_until == first + 6 * WEEK, "four weeks from the next one on"
    game = Game.objects.get(pk=game.pk)
    assert press(world, game, 0) == "resume"
    series.refresh_from_db()
    assert series.paused_until is None
    for forged in (0, 10**18):
        with pytest.raises(Refused) as raised:
            handle_choice(PromptChoice("repeats", game.pk, forged, "skip"), world.bob, world.now)
        assert raised.value.refusal.code == "outdated"
    actions.end_series(game.pk, bob(world), world.now)
    assert buttons.series_buttons(Game.objects.get(pk=game.pk), world.now) == ()


def test_a_button_from_before_another_break_leaves_that_one(world: World) -> None:
    game = world.create_game()
    series, first = repeat(world, game), local_start(game).date()
    shown, planned = first + 5 * WEEK, first + 9 * WEEK

    def press_old(choice: str) -> str:
        button = PromptChoice(PromptKind.SERIES_DATES, game.pk, shown.toordinal(), choice)
        try:
            return str(handle_choice(button, world.bob, world.now).changed)
        except Refused as refused:
            return refused.refusal.code

    assert [press_old("pause"), press_old("pause")] == ["True", "False"], "pressed twice"
    actions.pause_series(game.pk, planned, bob(world), world.now)
    assert [press_old("pause"), press_old("resume")] == ["outdated", "outdated"]
    series.refresh_from_db()
    assert series.paused_until == planned
    Series.objects.update(paused_until=world.now.date() - DAY)
    assert press_old("pause") == "True", "a break that is over is none"


# --- the host says yes ---------------------------------------------------------------------------------------


def game_to_confirm(world: World) -> tuple[Game, Notification]:
    game = world.create_game()
    series = repeat(world, game, lead_days=10, host_confirms=True)
    assert make_due_games(world.now) == 1
    made = series.games.latest("pk")
    return made, Notification.objects.open().get(kind=NotificationKind.SERIES_ASK_HOST)


def test_the_host_is_asked_whether_the_next_takes_place(world: World) -> None:
    made, row = game_to_confirm(world)
    assert made.state(world.now) is State.DRAFT
    assert list(get_message_type(row.kind).recipients(row, world.now)) == [world.bob.pk]  # type: ignore[arg-type]
    yes = PromptChoice(PromptKind.SERIES_GAME, made.pk, host_decision.prompt_number(made), host_decision.TAKES_PLACE)
    assert PromptChoice.parse(yes.custom_id) == yes
    with pytest.raises(Refused):
        handle_choice(yes, world.charlie, world.now)
    assert handle_choice(yes, world.bob, world.now).changed
    made.refresh_from_db()
    assert made.state(world.now) is State.SCHEDULED
    with pytest.raises(Refused) as raised:
        handle_choice(yes, world.bob, world.now)
    assert raised.value.refusal.code == "outdated"


def test_the_host_says_not_this_time(world: World) -> None:
    made, _ = game_to_confirm(world)
    no = PromptChoice(PromptKind.SERIES_GAME, made.pk, host_decision.prompt_number(made), host_decision.NOT_THIS_TIME)
    handle_choice(no, world.bob, world.now)
    made.refresh_from_db()
    assert made.state(world.now) is State.CANCELLED
    assert make_due_games(world.now) == 0, "the next comes in a week"
    assert make_due_games(world.now + WEEK) == 1


# --- regulars ------------------------------------------------------------------------------------------------


def test_regulars_are_seated_again_and_asked_to_confirm(world: World) -> None:
    game = world.create_game(seats=2)
    dan, eve, gone, blocked = (world.add_member(number) for number in range(100, 104))
    regulars = (dan.pk, eve.pk, gone.pk, blocked.pk)
    series = repeat(world, game, lead_days=10, regulars=regulars, substitutes=(world.charlie.pk,))
    mark_member_left(world.guild.pk, gone.pk, world.now)
    Block.objects.create(guild=world.guild, user=blocked, created_at=world.now)
    make_due_games(world.now)
    made = series.games.latest("pk")
    seated = made.signups.current().filter(seated_at__isnull=False).order_by("order_key")
    assert [one.user for one in seated] == [dan, eve]
    assert made.signups.count() == 2
    assert all(one.open_confirmation for one in seated)
    assert made.confirm_by is not None
    assert made.drop_unconfirmed
    confirmations = Notification.objects.open().filter(game=made, kind=NotificationKind.CONFIRMATION)
    assert {row.recipient_id for row in confirmations} == {dan.pk, eve.pk}


def test_regulars_of_a_game_that_is_announced_later_are_asked_then(world: World) -> None:
    game = world.create_game()
    dan = world.add_member(100)
    series = repeat(world, game, lead_days=10, regulars=(dan.pk,), host_confirms=True)
    make_due_games(world.now)
    made = series.games.latest("pk")
    assert not Notification.objects.filter(game=made, recipient=dan).exists()
    yes = PromptChoice(PromptKind.SERIES_GAME, made.pk, host_decision.prompt_number(made), host_decision.TAKES_PLACE)
    handle_choice(yes, world.bob, world.now)
    assert Notification.objects.open().filter(game=made, recipient=dan, kind=NotificationKind.CONFIRMATION).exists()


def test_regulars_who_are_not_asked_are_told(world: World) -> None:
    game = world.create_game()
    dan = world.add_member(100)
    series = repeat(world, game, lead_days=10, regulars=(dan.pk,), asks_regulars=False)
    make_due_games(world.now)
    made = series.games.latest("pk")
    assert made.signups.get().open_confirmation == 0
    assert Notification.objects.open().filter(game=made, recipient=dan, kind=NotificationKind.ADDED).exists()


def test_only_members_are_regulars(world: World) -> None:
    game = world.create_game()
    gone = world.add_member(100)
    mark_member_left(world.guild.pk, gone.pk, world.now)
    repeat(world, game, regulars=(gone.pk, world.charlie.pk))
    assert [one.user for one in SeriesPlayer.objects.all()] == [world.charlie]


def test_a_draft_may_repeat_too(world: World) -> None:
    plan = world.make_plan()
    draft = scheduling.create_game(
        world.guild.pk, plan, bob(world), world.now, announce=AnnounceSchedule(AnnounceWhen.DRAFT)
    ).game
    series = repeat(world, draft, lead_days=10)
    signups.add_participants(draft, [world.charlie.pk], bob(world), world.now)
    assert make_due_games(world.now) == 1
    assert not series.games.latest("pk").signups.exists(), "players are carried over only as regulars"


# --- the command line ----------------------------------------------------------------------------------------


def test_the_command_line_repeats_skips_pauses_and_ends(world: World) -> None:
    game = world.create_game()
    day = (local_start(game).date() + WEEK).isoformat()
    call_command("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY;INTERVAL=2", "--days-before=3")
    series = Series.objects.get()
    assert (series.rule.startswith("FREQ=WEEKLY;INTERVAL=2;BYDAY="), series.lead_days) == (True, 3)
    call_command("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY")
    call_command("game", "series", str(game.pk), "skip", day)
    call_command("game", "series", str(game.pk), "pause", day)
    series.refresh_from_db()
    assert [str(one) for one in (*series.skipped, series.paused_until)] == [day, day]
    for what in (["unskip", day], ["resume"], ["end"]):
        call_command("game", "series", str(game.pk), *what)
    series.refresh_from_db()
    assert (series.skipped, series.paused_until, series.ended_at is not None) == ([], None, True)
    for wrong in (["skip"], ["pause", "tomorrow"], ["skip", "2020-01-01"]):
        with pytest.raises(CommandError):
            call_command("game", "series", str(game.pk), *wrong)
    with pytest.raises(CommandError, match="HOURLY"):
        call_command("game", "repeat", str(game.pk), "--rule=FREQ=HOURLY")


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_the_command_line_lists_the_next_six_dates(
    world: World, capsys: pytest.CaptureFixture[str], dry: list[str]
) -> None:
    game = world.create_game(zone="UTC")
    call_command("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY", *dry)
    first = game.starts_at
    listed = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert listed == [when(first + number * WEEK, "UTC") for number in range(6)]
    assert Series.objects.exists() != bool(dry)


def test_the_command_line_names_regulars_and_substitutes_in_order(world: World) -> None:
    game, dan = world.create_game(), world.add_member(100, "Dan the Bold")
    repeat_it = ("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY")
    call_command(*repeat_it, "--regulars=@Dan the Bold @charlie", f"--substitutes=<@{world.alice.pk}>, @bob")
    series = Series.objects.get()
    expected = (dan.pk, world.charlie.pk), (world.alice.pk, world.bob.pk)
    assert actions.players_of(series) == expected
    wrong = {"--regulars=@nobody": "regulars", "--substitutes=Zoe": "substitutes", "--regulars=@alice": "substitutes"}
    for option, named in wrong.items():
        with pytest.raises(CommandError, match=f"--{named}: "):
            call_command(*repeat_it, option)
    assert actions.players_of(series) == expected
    call_command(*repeat_it, "--regulars=")
    assert actions.players_of(series) == ((), expected[1])


@pytest.mark.parametrize(
    ("typed", "option"),
    [
        (["--rule=FREQ=WEEKLY", "--days-before=0"], "days-before"),
        (["--rule=FREQ=WEEKLY;COUNT=1"], "rule"),
        (["--rule=FREQ=WEEKLY;UNTIL=20200101"], "rule"),
    ],
)
def test_the_command_line_names_options_that_there_are(world: World, typed: list[str], option: str) -> None:
    game = world.create_game()
    with pytest.raises(CommandError, match=f"--{option}: "):
        call_command("game", "repeat", str(game.pk), *typed)
    repeat(world, game)
    with pytest.raises(CommandError, match=r"^[^-]+$"):
        call_command("game", "series", str(game.pk), "pause", "2020-01-01")


def test_the_command_line_keeps_what_it_is_not_told(world: World) -> None:
    game, dan = world.create_game(), world.add_member(100)
    day = local_start(game).date() + WEEK
    repeat(world, game, lead_days=3, regulars=(dan.pk,), substitutes=(world.charlie.pk,), asks_regulars=False)
    actions.skip_date(game.pk, day, bob(world), world.now)
    call_command("game", "repeat", str(game.pk), "--rule=FREQ=DAILY", "--host-confirms")
    call_command("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY")
    series = Series.objects.get()
    assert actions.players_of(series) == ((dan.pk,), (world.charlie.pk,))
    assert (series.lead_days, series.asks_regulars, series.host_confirms, series.skipped) == (3, False, True, [day])
    call_command("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY", "--no-host-confirms", "--days-before=4")
    series.refresh_from_db()
    assert (series.lead_days, series.host_confirms) == (4, False)


def test_the_admin_lists_series_and_ends_them(world: World, client: Any) -> None:
    world.alice.is_staff = world.alice.is_superuser = True
    world.alice.save()
    client.force_login(world.alice, backend="django.contrib.auth.backends.ModelBackend")
    series = repeat(world, world.create_game())
    address = reverse("admin:games_series_changelist")
    assert "Repeats weekly" in client.get(address).text
    assert client.get(reverse("admin:games_series_change", args=[series.pk])).status_code == 200
    client.post(address, {"action": "end", "_selected_action": [series.pk]})
    series.refresh_from_db()
    assert series.ended_at is not None
