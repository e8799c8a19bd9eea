"""Games as lines of lists, for one viewer: on pages, in months and in Discord."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject
from django.utils.translation import gettext

from games.core import state_wording, wording
from games.core.settings import ALL_SETTINGS
from games.core.states import State
from games.models import Game, Signup
from games.models.signup import SignupQuerySet
from games.pages import list_wording
from games.pictures.addresses import small_of
from games.signups import wording as signup_wording
from games.signups.rules import signup_closed_reason
from gamesched.lib.compiled_query import CompiledSets
from guilds.models import Member, User, avatar_url, member_avatar_url
from guilds.names import shown_name
from guilds.permissions import may_play

SOON = timedelta(days=2)  # from now to a start that is also told as "in 3 hours"


@dataclass(frozen=True)
class GameRow:
    """A game in a list."""

    id: int
    title: str
    starts_at: datetime
    guild: Any
    host_id: int
    host_name: str
    host_avatar_url: str
    seats: int  # 0: as many as come
    seated: int
    seats_text: str
    state: State
    status_text: str
    viewer_state: str  # hosting, seated, waiting or ''
    channel_name: str
    url: str  # its post in Discord, or its page until it is posted
    is_soon: bool
    announce_at: datetime | None = None  # when players come to see it
    picture: str = ""  # the address of a small one
    place_text: str = ""  # the viewer's place
    join_label: str = ""  # '' where the viewer is in, or cannot join
    open_question: str = ""  # offer, confirm or host: what waits for the viewer's answer
    answer_until: datetime | None = None

    @property
    def full(self) -> bool:
        return bool(self.seats) and self.seated >= self.seats

    @property
    def tag(self) -> tuple[str, str]:
        """Return what to tell of the game first, as a class of colour and its text; two times '' for nothing."""
        if self.state is State.CANCELLED or self.state.hidden:
            return str(self.state), self.status_text
        if self.open_question == "offer":
            return "waiting", gettext(list_wording.SEAT_OFFERED)
        if self.open_question == "confirm":
            return "waiting", gettext(list_wording.TO_CONFIRM)
        if self.state.over:
            short = list_wording.AFTERWARDS.get(self.viewer_state)
            return ("you", gettext(short)) if short else ("", "")
        if self.viewer_state == "hosting":
            return "you", gettext(list_wording.YOU_HOST)
        if self.viewer_state:
            return "you" if self.viewer_state == "seated" else "waiting", self.place_text
        return (str(self.state), self.status_text) if self.state is State.IN_PROGRESS else ("", "")

    @property
    def month_tag(self) -> tuple[str, str]:
        """Return the same in a word or two, for the days of a month."""
        kind, text = self.tag
        if self.state.over:
            return kind, text
        short = self.open_question if self.open_question in {"offer", "confirm"} else self.viewer_state
        return kind, gettext(list_wording.IN_SHORT[short]) if kind in {"you", "waiting"} else text

    @property
    def question_text(self) -> str:
        return gettext(list_wording.QUESTIONS[self.open_question])

    @property
    def answer_label(self) -> str:
        return gettext(list_wording.ANSWERS[self.open_question])


def _number_among(people: SignupQuerySet) -> Subquery:
    """Return the place of a sign-up among these of its game, from 1."""
    earlier = Q(rank__lt=OuterRef("rank")) | Q(rank=OuterRef("rank"), order_key__lte=OuterRef("order_key"))
    counted = people.filter(earlier, game=OuterRef("game")).order_by().values("game").annotate(n=Count("pk"))
    return Subquery(counted.values("n"))


def _games_of_rows(game_ids: Iterable[int], viewer_ids: Iterable[int]) -> QuerySet[Game]:
    people = Signup.objects.filter(left_at=None)
    number = Case(
        When(seated_at__isnull=False, then=_number_among(Signup.objects.seated())),
        default=_number_among(Signup.objects.waiting()),
    )
    own = people.filter(game=OuterRef("pk"), user__in=viewer_ids).values(
        row=JSONObject(
            number=number,
            seated_at="seated_at",
            on_standby="on_standby",
            open_confirmation="open_confirmation",
            offered_at="offered_at",
            offered_until="offered_until",
        )
    )
    members = Member.objects.filter(guild=OuterRef("guild"), user=OuterRef("host"))
    return (
        Game.objects.filter(pk__in=game_ids)
        .select_related("guild", "channel", "host", "announcement__channel")
        .defer("description", "rewards", *(name for name in ALL_SETTINGS if name != "host_role_ids"))
        .annotate(
            n_people=people.per_game(),
            n_seated=people.seated().per_game(),
            own=Subquery(own[:1]),
            host_here=Subquery(members.values(row=JSONObject(nick=F("nick"), avatar=F("avatar")))[:1]),
        )
    )


GAMES_OF_ROWS = CompiledSets(_games_of_rows)


def game_rows(
    game_ids: Collection[int], now: datetime, viewer: User | None, members: Mapping[int, Member] | None = None
) -> dict[int, GameRow]:
    """Return games as lines of a list, by id and in the order given, in one query.

    `members`: the viewer in each guild in which they may join from the list.
    """
    viewer_id = viewer.pk if viewer is not None else 0  # the id of nobody
    games: Any = {game.pk: game for game in GAMES_OF_ROWS.all(game_ids, [viewer_id])}
    return {pk: _row(games[pk], now, viewer_id, members or {}) for pk in game_ids if pk in games}


def _row(game: Any, now: datetime, viewer_id: int, members: Mapping[int, Member]) -> GameRow:
    state, host, own = game.state(now), game.host, game.own or {}
    here = game.host_here or {"nick": "", "avatar": ""}
    seated, seats = bool(own.get("seated_at")), game.settings.seats
    question, until = _question(game, state, own, viewer_id, now)
    place = list_wording.own_place(own["number"], seats, seated) if own else ""
    return GameRow(
        id=game.pk,
        title=game.title,
        starts_at=game.starts_at,
        guild=game.guild,
        host_id=host.pk,
        host_name=shown_name(here["nick"], host.global_name, host.handle, user_id=host.pk),
        host_avatar_url=member_avatar_url(game.guild_id, host.pk, here["avatar"])
        if here["avatar"]
        else avatar_url(host.pk, host.avatar),
        seats=seats,
        seated=game.n_seated,
        seats_text=wording.seats_text_in(
            state, game.n_seated, seats, game.n_people - game.n_seated, host_picks=game.settings.method.by_host
        ),
        state=state,
        status_text=gettext(state_wording.STATE_TEXT[state]),
        viewer_state="hosting" if host.pk == viewer_id else "seated" if seated else "waiting" if own else "",
        channel_name=game.channel.name,
        url=game.announcement.url or game.url,
        is_soon=now < game.starts_at < now + SOON and not state.over,
        announce_at=game.announce_at,
        picture=small_of(game),
        place_text=gettext(list_wording.STANDBY) if own.get("on_standby") else place,
        join_label="" if own or host.pk == viewer_id else _join_label(game, now, members.get(game.guild_id)),
        open_question=question,
        answer_until=until,
    )


def _question(
    game: Any, state: State, own: Mapping[str, Any], viewer_id: int, now: datetime
) -> tuple[str, datetime | None]:
    """Return what waits for the viewer's answer, and until when; '' for nothing."""
    if state.over or state is State.IN_PROGRESS:
        return "", None
    if own.get("offered_at") and state is State.SCHEDULED:
        until = datetime.fromisoformat(own["offered_until"]) if own["offered_until"] else None
        if until is None or until > now:
            return "offer", until
    if own.get("open_confirmation") and state is State.SCHEDULED:
        return "confirm", game.confirm_by
    return ("host", game.starts_at) if game.next_host_id == viewer_id else ("", None)


def _join_label(game: Any, now: datetime, member: Member | None) -> str:
    """Return the label of the button to join; '' where they cannot. What else may refuse them, the action says."""
    if member is None or member.is_blocked(now) or signup_closed_reason(game, now, None):
        return ""
    if not may_play(member, game.settings.player_role_ids):
        return ""
    full = game.settings.seats and game.n_seated >= game.settings.seats
    return (
        gettext(signup_wording.JOIN_WAITING) if full or game.settings.method.by_host else gettext(signup_wording.JOIN)
    )
