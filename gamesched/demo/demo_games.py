"""The demo's games, one for each thing that can happen to a game, made by actions as if in the days before."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta

from discord_bot.interactions.line_replies import LineRequest, reply_to_line
from discord_bot.interactions.line_state import LineState
from games.attendance import actions as attendance
from games.attendance import rewards
from games.confirmations import actions as confirmations
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode, NotificationKind
from games.core.settings import PostPicture, SeatMethod, ThreadStart, VoiceAccess
from games.models import Game, TimePoll
from games.models.layers import announcement_channels
from games.pictures.actions import store_picture
from games.pictures.encoding import encode_picture
from games.polls import actions as polls
from games.polls.rules import PollPlan
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.actions import ANNOUNCE_NOW, plan_from_game
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, Plan, change_plan
from games.series import actions as series
from games.series.forms import pattern_rule
from games.series.rules import SeriesPlan
from games.signups import actions as signups
from games.signups import manual_seating, responses
from games.signups.participants import Participant
from gamesched.demo import demo_pictures
from gamesched.lib.zones import zone_info
from gamesched.local_discord.fixtures import (
    ALICE_ID,
    BOB_ID,
    CAMPAIGNS_ID,
    CHARLIE_ID,
    DANA_ID,
    FRANK_ID,
    GAME_NIGHT_ID,
    GINA_ID,
    GUILD_ID,
    HEIDI_ID,
    KEEPER_ID,
    ORGANISER_ID,
    PLAYER_ID,
    RAIDS_ID,
    VETERAN_ID,
    picture_hash,
)
from guilds.directory.payloads import ChannelPayload, MemberPayload, RolePayload, UserPayload
from guilds.directory.upsert import upsert_member
from guilds.models import User
from notifications.daemon import steps
from notifications.daemon.steps import Job, SendResult
from notifications.messages import PermanentError, TemporaryError, load_backend
from notifications.queue import unschedule
from notifications.types import Skip

MAY_POST = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 38
MAY_MANAGE = 1 << 5
CHANNELS = (
    ChannelPayload(GAME_NIGHT_ID, "game-night", 0, 1, MAY_POST),
    ChannelPayload(RAIDS_ID, "raids", 0, 2, MAY_POST),
    ChannelPayload(CAMPAIGNS_ID, "campaigns", 15, 3, MAY_POST),
)
ROLES = (
    RolePayload(GUILD_ID, "@everyone", 0, MAY_POST),
    RolePayload(ORGANISER_ID, "Organiser", 1, MAY_MANAGE),
    RolePayload(PLAYER_ID, "Player", 2, 0),
    RolePayload(KEEPER_ID, "Keeper", 3, 0),
    RolePayload(VETERAN_ID, "Veteran", 4, 0),
)


def person(user_id: int, name: str) -> UserPayload:
    """Return one of the cast as the local Discord has them."""
    return UserPayload(user_id, name, name.title(), picture_hash(user_id))


PEOPLE = (
    MemberPayload(person(ALICE_ID, "alice")),
    MemberPayload(person(BOB_ID, "bob"), "Bob the GM", role_ids=(ORGANISER_ID,)),
    MemberPayload(person(CHARLIE_ID, "charlie"), role_ids=(PLAYER_ID,)),
    MemberPayload(person(DANA_ID, "dana"), role_ids=(PLAYER_ID,)),
    MemberPayload(person(FRANK_ID, "frank")),
    MemberPayload(person(GINA_ID, "gina"), role_ids=(PLAYER_ID, VETERAN_ID)),
    MemberPayload(person(HEIDI_ID, "heidi"), role_ids=(KEEPER_ID,)),
)

# Notifications about the days before, which people who open the demo never lived through.
PAST_NOTIFICATIONS = (
    NotificationKind.SEAT_CHANGE,
    NotificationKind.ADDED,
    NotificationKind.DROPPED_OUT,
    NotificationKind.EDITED,
)


class Scenery:
    """The people, and the days around `now` on which the games are."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.people = {payload.user.id: upsert_member(GUILD_ID, payload, now).user for payload in PEOPLE}

    def evening(self, days: int, hour: int = 19) -> datetime:
        """Return a time so many days from now, at an hour of the day, UTC."""
        day = self.now.date() + timedelta(days=days)
        return datetime.combine(day, time(hour), tzinfo=self.now.tzinfo)

    def ago(self, **length: float) -> datetime:
        """Return the time so long before now."""
        return self.now - timedelta(**length)

    def by(self, user_id: int, source: EntryPoint = EntryPoint.PAGE) -> Actor:
        """Return the user as an actor."""
        return Actor(self.people[user_id], source)

    def game(
        self,
        title: str,
        starts_at: datetime,
        at: datetime | None = None,
        *,
        host: int = BOB_ID,
        named: Iterable[Participant] = (),
        announce: AnnounceSchedule = ANNOUNCE_NOW,
        channel: int = GAME_NIGHT_ID,
        **settings: object,
    ) -> Game:
        """Return a game scheduled two days ago, or at `at`."""
        plan = Plan(title=title, description="", starts_at=starts_at, zone="UTC", channel_id=channel)
        plan = change_plan(plan, **{"seats": 4, "duration": 180, **settings})
        at = at or self.ago(days=2)
        return scheduling.create_game(GUILD_ID, plan, self.by(host), at, participants=named, announce=announce).game

    def join(self, game: Game, people: Iterable[int], at: datetime | None = None) -> None:
        """Let these people join, one after the other."""
        for user_id in people:
            who: User = self.people[user_id]
            signups.join(game.pk, who, Actor(who, EntryPoint.BUTTON), at or self.ago(days=1))


def build_demo_games(now: datetime) -> None:
    """Create all demo games. The guild, its channels and roles must exist."""
    stage = Scenery(now)
    past, cancelled, poll = _played(stage), _create_game_to_cancel(stage), _opened_poll(stage)
    # Games and polls that are over are not posted any more, so these posts are made before.
    _send_due_posts(stage.ago(days=9))
    _record_afterwards(stage, past)
    _voted_poll(stage, poll)
    cancellation.cancel_game(
        cancelled.pk, "The shop is closed that evening. We try again in spring.", stage.by(BOB_ID), stage.ago(minutes=1)
    )
    for scene in (
        _about_to_start,
        _full,
        _by_role,
        _picked,
        _moved,
        _with_responses,
        _by_one_line,
        _repeating,
        _hidden,
        _open_poll,
    ):
        scene(stage)
    for pk in Game.objects.filter(guild_id=GUILD_ID).order_by("pk").values_list("pk", flat=True):
        unschedule(pk, Skip(GameSkipCode.BEFORE_DEMO), now, kinds=PAST_NOTIFICATIONS)


# --- games with posts that change ------------------------------------------------------------------------


def _played(stage: Scenery) -> Game:
    game = stage.game(
        "Curse of Strahd: the Amber Temple",
        stage.evening(-7),
        stage.ago(days=10),
        channel=RAIDS_ID,
        description="Third evening of the campaign. Bring warm clothes.",
        reminders=(),  # nobody was reminded of it
    )
    stage.join(game, [CHARLIE_ID, DANA_ID, FRANK_ID, GINA_ID], stage.ago(days=10))
    return game


def _record_afterwards(stage: Scenery, game: Game) -> None:
    frank = game.signups.get(user=FRANK_ID)
    attendance.mark_attendance(game.pk, frank.pk, True, stage.by(BOB_ID), stage.ago(days=6))
    text = "450 experience each.\nGina found the amber amulet; nobody has dared to put it on."
    rewards.set_rewards(game.pk, text, stage.by(BOB_ID), stage.ago(days=6))


def _create_game_to_cancel(stage: Scenery) -> Game:
    game = stage.game(
        "Pandemic tournament",
        stage.evening(8, 18),
        stage.ago(days=10),
        description="Four tables, one cure. At the game shop.",
        seats=16,
    )
    stage.join(game, [CHARLIE_ID, FRANK_ID], stage.ago(days=10))
    return game


def _poll(stage: Scenery, title: str, evenings: Iterable[datetime], closes_at: datetime, at: datetime) -> TimePoll:
    plan = PollPlan(title, "UTC", GAME_NIGHT_ID, tuple(evenings), closes_at)
    return polls.open_poll(GUILD_ID, plan, stage.by(BOB_ID), at).poll


def _tick(stage: Scenery, poll: TimePoll, ticks: dict[int, tuple[int, ...]], at: datetime) -> None:
    """Let people tick times by their numbers, in this order."""
    times = list(poll.options.values_list("pk", flat=True))
    for user_id, numbers in ticks.items():
        polls.vote(poll.pk, [times[number] for number in numbers], stage.by(user_id, EntryPoint.BUTTON), at)


def _opened_poll(stage: Scenery) -> TimePoll:
    evenings = (stage.evening(days) for days in (10, 11, 13))
    return _poll(stage, "Call of Cthulhu: a haunted house", evenings, stage.ago(days=-1), stage.ago(days=10))


def _voted_poll(stage: Scenery, poll: TimePoll) -> None:
    ticks = {FRANK_ID: (0, 1), CHARLIE_ID: (1, 2), GINA_ID: (1,), DANA_ID: (0,), HEIDI_ID: (1, 2)}
    _tick(stage, poll, ticks, stage.ago(days=3))
    polls.make_game(poll.pk, stage.by(BOB_ID), stage.ago(days=2))


def _send_due_posts(at: datetime) -> None:
    """Make the posts that are due by then, as notifyd does. What fails stays due for notifyd itself."""
    jobs = steps.lease_jobs(at, 100)
    steps.record(asyncio.run(_send(jobs)), at)


async def _send(jobs: Iterable[Job]) -> list[tuple[Job, SendResult]]:
    results: list[tuple[Job, SendResult]] = []
    discord = load_backend()
    try:
        await discord.start()
        for job in jobs:
            try:
                results.append((job, await discord.send(job.message)))
            except PermanentError as refused:
                results.append((job, refused))
    except TemporaryError as away:
        results += [(job, away) for job in jobs][len(results) :]
    finally:
        await discord.stop()
    return results


# --- upcoming games --------------------------------------------------------------------------------------


def _about_to_start(stage: Scenery) -> None:
    """With all that can stand in Discord beside a post: the voice channel is made 15 minutes before the start."""
    game = stage.game(
        "Paranoia: happiness is mandatory",
        (stage.now + timedelta(minutes=12)).replace(second=0, microsecond=0),
        stage.ago(hours=3),
        description="A one-shot. Everything that can go with a game in Discord goes with this one.",
        seats=5,
        reminders=(5,),
        voice_channel=VoiceAccess.PLAYERS.value,
        thread=ThreadStart.POST.value,
        player_role=True,
    )
    stage.join(game, [CHARLIE_ID, FRANK_ID, GINA_ID], stage.ago(hours=2))


def _full(stage: Scenery) -> None:
    game = stage.game(
        "Lost Mine of Phandelver",
        stage.evening(2),
        description="For beginners: characters are on the table.",
        location="The shop's back room",
        cover=store_picture(demo_pictures.mountains()),
    )
    stage.join(game, [CHARLIE_ID, DANA_ID, FRANK_ID, GINA_ID, HEIDI_ID, ALICE_ID])


def _by_role(stage: Scenery) -> None:
    game = stage.game(
        "Tomb of Horrors",
        stage.evening(3),
        channel=RAIDS_ID,
        description="Veterans first: it's as deadly as they say.",
        seats=2,
        method=SeatMethod.PRIORITY.value,
        priority_role_ids=(VETERAN_ID,),
        post_picture=PostPicture.DRAWN.value,
    )
    stage.join(game, [FRANK_ID, CHARLIE_ID, GINA_ID])


def _picked(stage: Scenery) -> None:
    game = stage.game(
        "Blades in the Dark: the big heist",
        stage.evening(4),
        host=GINA_ID,
        description="Write who you'd like to play in your note; I pick a crew that fits.",
        seats=3,
        method=SeatMethod.PICKS_WAITING.value,
    )
    stage.join(game, [CHARLIE_ID, FRANK_ID, HEIDI_ID])
    charlie = stage.people[CHARLIE_ID]
    responses.set_note(game.pk, charlie, "a Lurk, please", Actor(charlie, EntryPoint.BUTTON), stage.ago(hours=20))
    frank = game.signups.get(user=FRANK_ID)
    manual_seating.give_seat(game.pk, frank.pk, stage.by(GINA_ID), stage.ago(hours=12))


def _moved(stage: Scenery) -> None:
    in_forum = announcement_channels(GUILD_ID).filter(pk=CAMPAIGNS_ID).exists()
    game = stage.game(
        "Waterdeep: Dragon Heist",
        stage.evening(5),
        channel=CAMPAIGNS_ID if in_forum else RAIDS_ID,
        description="A campaign in the city of splendours.",
        seats=5,
    )
    stage.join(game, [CHARLIE_ID, FRANK_ID, GINA_ID, HEIDI_ID])
    plan = replace(plan_from_game(Game.objects.get(pk=game.pk)), starts_at=stage.evening(6, 20))
    scheduling.edit_game(game.pk, plan, stage.by(BOB_ID), stage.ago(minutes=2))
    for user_id in (FRANK_ID, GINA_ID):
        confirmations.answer_open_confirmation(
            game.pk, "yes", stage.by(user_id, EntryPoint.BUTTON), stage.ago(minutes=1)
        )


def _with_responses(stage: Scenery) -> None:
    game = stage.game(
        "Board games at the shop",
        stage.evening(7, 18),
        description="We bring the games. Bring someone if you like.",
        seats=8,
        answers=True,
        plus_one=True,
        thumbnail=store_picture(demo_pictures.die()),
        minimum=3,
    )
    stage.join(game, [CHARLIE_ID, GINA_ID])
    for user_id, action, note in (
        (CHARLIE_ID, None, "late by 15 min"),
        (FRANK_ID, responses.respond_maybe, "if I get off work"),
        (DANA_ID, responses.respond_absent, ""),
    ):
        who = stage.people[user_id]
        if action is not None:
            action(game.pk, who, Actor(who, EntryPoint.BUTTON), stage.ago(hours=10))
        if note:
            responses.set_note(game.pk, who, note, Actor(who, EntryPoint.BUTTON), stage.ago(hours=9))
    gina = stage.people[GINA_ID]
    responses.add_guest(game.pk, gina, "Mona", Actor(gina, EntryPoint.BUTTON), stage.ago(hours=9))


def _open_poll(stage: Scenery) -> None:
    evenings = (stage.evening(days) for days in (14, 15, 16, 17))
    poll = _poll(stage, "When do we start Spelljammer?", evenings, stage.evening(3), stage.ago(hours=5))
    _tick(stage, poll, {GINA_ID: (0, 2), DANA_ID: (2, 3)}, stage.ago(hours=2))


def _repeating(stage: Scenery) -> None:
    """Every two months at the same time in Berlin: its next six dates always have a change of clocks among them."""
    start = stage.evening(8, 18)
    game = stage.game(
        "Kingmaker: all day at the table",
        start,
        description="The same table every two months, at the same time by the clock.",
        seats=3,
        zone="Europe/Berlin",
    )
    stage.join(game, [CHARLIE_ID, FRANK_ID])
    day = start.astimezone(zone_info("Europe/Berlin"))
    plan = SeriesPlan(
        pattern_rule("monthly_weekday", day.date(), 2),
        day.date(),
        day.time(),
        "Europe/Berlin",
        lead_days=14,
        regulars=(CHARLIE_ID, FRANK_ID),
        substitutes=(HEIDI_ID,),
    )
    series.repeat_game(game.pk, plan, stage.by(BOB_ID), stage.ago(hours=20))


def _by_one_line(stage: Scenery) -> None:
    """Let Dana use /game create, and press "Post it" under the preview."""
    line = f"Ticket to Ride {stage.evening(10):%Y-%m-%d} 18:30, 5 seats, 3h"
    dana = next(one for one in PEOPLE if one.user.id == DANA_ID)
    cover = encode_picture(demo_pictures.track())
    command = LineRequest(line, LineState(), GUILD_ID, dana, GAME_NIGHT_ID, picture=cover)
    preview = reply_to_line(command)
    [post, *_] = preview.buttons
    reply_to_line(replace(command, state=post.state, message_id=DANA_ID))


def _hidden(stage: Scenery) -> None:
    stage.game(
        "Session zero of a new campaign",
        stage.evening(9),
        description="Still to decide: which system, and how many.",
        announce=AnnounceSchedule(AnnounceWhen.DRAFT),
    )
    stage.game(
        "One-shot for newcomers",
        stage.evening(12),
        description="Characters are handed out at the door.",
        seats=6,
        named=(HEIDI_ID,),
        announce=AnnounceSchedule(AnnounceWhen.LATER, stage.evening(1, 12)),
    )
