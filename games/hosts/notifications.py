"""Letters about too few players, and about a host who left."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games.core import choices
from games.core.choices import Ask
from games.core.minimum import is_short, seated
from games.core.notifications import about, about_game, game_of, stale
from games.core.wording import plain
from games.hosts import notification_wording as host_notification_wording
from games.hosts import takeover
from games.minimum_players import actions as minimum_players
from games.models import Game
from games.signups.responses import unanswered
from guilds.models import Member
from guilds.names import names_in
from notifications.kinds import Drop, Kind, register
from notifications.letter import Button, Letter
from notifications.models import Delivery, Notification


def register_all() -> None:
    register(Kind("nudge", expand=_nudged, render=_nudge))
    register(Kind("short", expand=_host_asked, render=_short))
    register(Kind("host_left", expand=_asked_to_take_over, render=_host_left))
    choices.register("short", minimum_players.answer)
    choices.register("take_over", takeover.answer)


# --- too few -----------------------------------------------------------------------------------------------


def _not_short(row: Notification, game: Game, now: datetime) -> Drop | None:
    return stale(row, game, now) or (None if is_short(game) else Drop("enough signed up"))


def _nudged(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = game_of(row)
    if (drop := _not_short(row, game, now)) is not None:
        return drop
    return unanswered(game, now)


def _nudge(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    if (drop := _not_short(delivery.notification, game, now)) is not None:
        return drop
    if delivery.recipient_id not in unanswered(game, now):
        return Drop("they answered, or cannot sign up any more")
    text = host_notification_wording.nudge(*about(delivery, game), game.effective.minimum, seated(game))
    return about_game(delivery, game, text, now)


def _host_asked(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = game_of(row)
    return _not_short(row, game, now) or [game.host_id]


def _short(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    if (drop := _not_short(delivery.notification, game, now)) is not None:
        return drop
    if not minimum_players.is_asked(game, now):
        return Drop("it was decided on already")
    text = host_notification_wording.short(*about(delivery, game), game.effective.minimum, seated(game))
    buttons = (
        Ask("short", game.pk, minimum_players.number(game), minimum_players.KEEP).button(
            host_notification_wording.KEEP_LABEL, "primary"
        ),
        Button(host_notification_wording.MOVE_LABEL, url=settings.PUBLIC_URL + reverse("game-edit", args=[game.pk])),
        Ask("short", game.pk, minimum_players.number(game), minimum_players.CANCEL).button(
            host_notification_wording.CANCEL_LABEL, "danger"
        ),
    )
    return about_game(delivery, game, text, now, *buttons)


# --- the host left -----------------------------------------------------------------------------------------


def _has_its_host(row: Notification, game: Game, now: datetime) -> Drop | None:
    if game.state(now).over:
        return Drop(f"the game is {game.state(now).replace('_', ' ')}")
    if str(game.host_id) != row.facts["host"]:
        return Drop("somebody took it over")
    return None if takeover.host_is_gone(game) else Drop("the host is back, or the bot is gone")


def _asked_to_take_over(row: Notification, now: datetime) -> Iterable[int] | Drop:
    game = game_of(row)
    if (drop := _has_its_host(row, game, now)) is not None:
        return drop
    return dict.fromkeys([*takeover.managers(game.guild), *_cohosts(game)])


def _cohosts(game: Game) -> list[int]:
    there = Member.objects.filter(guild_id=game.guild_id, left_at=None, user__in=game.cohosts.values("pk"))
    return list(there.order_by("user_id").values_list("user_id", flat=True))


def _host_left(delivery: Delivery, now: datetime) -> Letter | Drop:
    game = game_of(delivery.notification)
    if (drop := _has_its_host(delivery.notification, game, now)) is not None:
        return drop
    host = plain(names_in(game.guild_id, [game.host_id])[game.host_id].text)
    take = Ask("take_over", game.pk, game.host_id, takeover.TAKE).button(
        host_notification_wording.TAKE_LABEL, "primary"
    )
    return about_game(delivery, game, host_notification_wording.host_left(*about(delivery, game), host), now, take)
