"""Which games a list shows: those to come, unannounced or past, and a person's choice among them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, TextChoices, Value
from django.db.models.lookups import Exact, GreaterThan, In

from games.core.settings import SeatMethod
from games.models import GameQuerySet, GameTemplate, Signup
from games.models.layers import setting_expression
from guilds.models import Channel, User
from guilds.names import without_unstorable
from guilds.permissions import hidden_channel_ids

TEXT_MAX = 100  # characters


class Section(TextChoices):
    """The lists that all games are divided into."""

    TO_COME = "to_come", "To come"
    UNANNOUNCED = "unannounced", "Not announced yet"
    PAST = "past", "Past games"

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

    def apply(self, games: GameQuerySet, viewer: User, now: datetime) -> GameQuerySet:
        """Return the games that fit."""
        words = without_unstorable(self.text)[:TEXT_MAX].split()
        hidden = _channels_of_hidden_templates(viewer) if words else set()
        for word in words:
            template = Q(template__name__icontains=word, template__deleted_at=None) & ~Q(template__channel__in=hidden)
            games = games.filter(Q(title__icontains=word) | Q(description__icontains=word) | template)
        if self.template_id:
            games = games.filter(template=self.template_id)
        if self.channel_id:
            games = games.filter(Q(channel=self.channel_id) | Q(channel__parent=self.channel_id))
        if self.mine:
            games = games.hosted_or_joined_by(viewer)
        return with_open_seats(games, now) if self.open_seats else games


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


class GameFilterForm(forms.Form):
    """The choice among a guild's games, or among one's own of all guilds; of GET, so it can be a link."""

    text = forms.CharField(required=False, max_length=TEXT_MAX, label="In title or description")
    template = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="Kind of game")
    channel = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    mine = forms.BooleanField(required=False, label="Only mine")
    open_seats = forms.BooleanField(required=False, label="With free seats")

    def __init__(self, data: Any, offered: tuple[Iterable[GameTemplate], Iterable[Channel]] | None = None) -> None:
        """Offer templates and channels of games that the viewer may see; None: neither, as on a page of all guilds."""
        super().__init__(data)
        if offered is None:
            for name in ("template", "channel", "mine"):
                del self.fields[name]
            return
        templates, channels = offered
        self._offer("template", [(one.pk, one.name) for one in templates])
        self._offer("channel", [(one.pk, str(one)) for one in channels])

    def _offer(self, name: str, choices: list[tuple[int, str]]) -> None:
        if len(choices) > 1:
            self.fields[name].choices = [("", "All"), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    @property
    def filter(self) -> GameFilter:
        """Return what was chosen; what cannot be read chooses nothing."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        chosen = {f"{name}_id" if name in {"template", "channel"} else name: value for name, value in given.items()}
        return GameFilter(**chosen)
