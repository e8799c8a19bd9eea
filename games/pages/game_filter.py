"""Which games a list shows: upcoming, unannounced or past ones, and a person's choice among them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.postgres.fields.array import ArrayOverlap  # type: ignore[attr-defined]
from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    TextChoices,
    Value,
)
from django.db.models.lookups import Exact, GreaterThan, In
from django.utils.translation import gettext_lazy

from games.core.permissions import Memberships
from games.core.settings import SeatMethod
from games.models import Game, GameQuerySet, GameTemplate, Signup
from games.models.layers import setting_expression
from gamesched.lib.ids import MAX_ID
from guilds.models import Block, Channel, User
from guilds.names import without_unstorable
from guilds.permissions import hidden_channel_ids

TEXT_MAX = 100  # characters


class Section(TextChoices):
    """The lists that all games are divided into."""

    TO_COME = "to_come", gettext_lazy("Upcoming")
    UNANNOUNCED = "unannounced", gettext_lazy("Not announced yet")
    PAST = "past", gettext_lazy("Past games")

    def of(self, games: GameQuerySet, now: datetime) -> GameQuerySet:
        """Return the games that are in this list, in its order."""
        match self:
            case Section.TO_COME:
                return games.listed_to_come(now)
            case Section.UNANNOUNCED:
                return games.drafts()
            case Section.PAST:
                return games.past(now)


@dataclass(frozen=True)
class GameFilter:
    """What a person chose of a list; the defaults choose everything."""

    text: str = ""  # each word is in the title, the description or the template's name
    template_id: int | None = None
    channel_id: int | None = None  # threads belong to their channel
    mine: bool = False
    open_seats: bool = False
    host_id: int | None = None

    def apply(self, games: GameQuerySet, viewer: User, now: datetime) -> GameQuerySet:
        """Return the games that fit."""
        return self.for_viewer(viewer, now)(games)

    def for_viewer(self, viewer: User, now: datetime) -> Callable[[GameQuerySet], GameQuerySet]:
        """Return what picks the games that fit out of several lists; it reads what it needs once."""
        words = without_unstorable(self.text)[:TEXT_MAX].split()
        hidden = _channels_of_hidden_templates(viewer) if words or self.template_id else set()
        exists = Q(template__deleted_at=None) & ~Q(template__channel__in=hidden)

        def pick(games: GameQuerySet) -> GameQuerySet:
            for word in words:
                named = exists & Q(template__name__icontains=word)
                games = games.filter(Q(title__icontains=word) | Q(description__icontains=word) | named)
            if self.template_id:
                games = games.filter(exists, template=self.template_id)
            if self.channel_id:
                games = games.filter(Q(channel=self.channel_id) | Q(channel__parent=self.channel_id))
            if self.host_id:
                games = games.filter(host=self.host_id)
            if self.mine:
                games = games.hosted_or_joined_by(viewer)
            return with_open_seats(games, now) if self.open_seats else games

        return pick


def _channels_of_hidden_templates(viewer: User) -> set[int]:
    """Return the channels with whose templates a person finds nothing: these exist only for who views the channel."""
    with_templates = GameTemplate.objects.filter(deleted_at=None, channel__isnull=False).order_by()
    return hidden_channel_ids(viewer, Channel.objects.filter(pk__in=with_templates.values("channel")))


def with_open_seats(games: GameQuerySet, now: datetime) -> GameQuerySet:
    """Return the games in which whoever signs up now gets a seat; `signup_closed_reason` says so of one."""
    before = ExpressionWrapper(setting_expression("signups_close") * Value(timedelta(minutes=1)), DurationField())
    closes_at = ExpressionWrapper(F("starts_at") - before, DateTimeField())
    seats, seated = setting_expression("seats"), Signup.objects.seated().per_game()
    by_host = [method for method in SeatMethod if method.by_host]
    return (
        games.announced()
        .filter(GreaterThan(closes_at, now), cancelled_at=None, closed_at=None)
        .filter(Q(Exact(seats, 0)) | Q(GreaterThan(seats, seated)))
        .exclude(In(setting_expression("method"), by_host))
    )


def joinable(games: GameQuerySet, memberships: Memberships, now: datetime) -> GameQuerySet:
    """Return the upcoming games of these in which the person is not, and would get a seat if they signed up now."""
    roles = {role for one in memberships.by_guild.values() for role in (one.guild_id, *one.role_ids)}
    wanted, mine = setting_expression("player_role_ids"), Signup.objects.current().of(memberships.user).order_by()
    for_everybody = Exact(Func(wanted, function="cardinality", output_field=IntegerField()), 0)
    blocks = Block.objects.in_force(now).filter(user=memberships.user)
    return (
        with_open_seats(games.upcoming(now), now)
        .filter(Q(for_everybody) | Q(ArrayOverlap(wanted, sorted(roles))))
        .filter(~Exists(mine.filter(game=OuterRef("pk"))))
        .exclude(host=memberships.user)
        .exclude(guild__in=blocks.values("guild"))
    )


def asking(games: GameQuerySet, viewer: User, now: datetime) -> GameQuerySet:
    """Return the games that wait for a person's answer: to an offered seat, a confirmation, or to run them."""
    asked = Signup.objects.current().of(viewer).filter(Q(open_confirmation__gt=0) | Q(offered_at__isnull=False))
    signups = asked.order_by().values_list("game_id")
    invited = Game.objects.filter(next_host=viewer).order_by().values_list("pk")
    found = games.filter(pk__in=invited.union(signups), cancelled_at=None, starts_at__gt=now)
    return found.order_by("starts_at", "pk")


class GameFilterForm(forms.Form):
    """The choice among a guild's games, or among those of all one's guilds; of GET, so it can be a link."""

    text = forms.CharField(required=False, max_length=TEXT_MAX, label=gettext_lazy("Search titles and descriptions"))
    template = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    channel = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    host = forms.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    mine = forms.BooleanField(required=False)
    open_seats = forms.BooleanField(required=False)

    def __init__(self, data: Any, offered: tuple[Iterable[GameTemplate], Iterable[Channel]] = ((), ())) -> None:
        """Offer templates and channels of games that the viewer may see; a page of all guilds offers none."""
        super().__init__(data)
        templates, channels = offered
        self._offer("template", [(one.pk, one.name) for one in templates])
        self._offer("channel", [(one.pk, str(one)) for one in channels])

    def _offer(self, name: str, choices: list[tuple[int, str]]) -> None:
        if len(choices) > 1:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def offered(self, name: str) -> dict[int, str]:
        """Return what can be chosen of a field, by id."""
        return dict(getattr(self.fields.get(name), "choices", ()))

    @property
    def filter(self) -> GameFilter:
        """Return what was chosen; what cannot be read chooses nothing."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        by_id = {"template", "channel", "host"}
        return GameFilter(**{f"{name}_id" if name in by_id else name: value for name, value in given.items()})
