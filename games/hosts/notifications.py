"""Letters about too few players, and about a host who left."""

from collections.abc import Iterable
from datetime import datetime

from games.core import choices, wording
from games.core.choices import Ask
from games.core.notifications import about, about_game, done_by, game_of
from games.core.wording import plain
from games.hosts import notification_wording as host_notification_wording
from games.hosts import takeover
from games.hosts import wording as host_wording
from games.hosts.messages import meant
from games.hosts.rules import To
from games.models import Game
from games.signups.responses import has_answered
from guilds.display_names import display_names
from guilds.models import Member
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register

# --- too few -----------------------------------------------------------------------------------------------


# --- the host left -----------------------------------------------------------------------------------------


def _has_its_host(row: Notification, game: Game, now: datetime) -> Skip | None:
    if game.state(now).over:
        return Skip(f"the game is {game.state(now).replace('_', ' ')}")
    if str(game.host_id) != row.facts["host"]:
        return Skip("somebody took it over")
    return None if takeover.host_is_gone(game) else Skip("the host is back, or the bot is gone")


def _asked_to_take_over(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    if (drop := _has_its_host(row, game, now)) is not None:
        return drop
    return dict.fromkeys([*takeover.managers(game.guild), *_cohosts(game)])


def _cohosts(game: Game) -> list[int]:
    there = Member.objects.filter(guild_id=game.guild_id, left_at=None, user__in=game.cohosts.values("pk"))
    return list(there.order_by("user_id").values_list("user_id", flat=True))


def _host_left(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if (drop := _has_its_host(delivery.notification, game, now)) is not None:
        return drop
    host = plain(display_names(game.guild_id, [game.host_id])[game.host_id].text)
    take = Ask("take_over", game.pk, game.host_id, takeover.TAKE).button(
        host_notification_wording.TAKE_LABEL, "primary"
    )
    return about_game(delivery, game, host_notification_wording.host_left(*about(delivery, game), host), now, take)


def _players_told(row: Notification, now: datetime) -> Iterable[int]:
    return meant(game_of(row), To(row.facts["to"]), row.facts["by"], now)


def _told(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if delivery.notification.facts["to"] == To.UNANSWERED:
        if has_answered(game, delivery.recipient_id):
            return Skip("they answered meanwhile")
    elif not game.signups.current().filter(user_id=delivery.recipient_id).exists():
        return Skip("they left")
    by = done_by(delivery, game) or wording.OPERATOR
    text = wording.plain(delivery.notification.facts["text"])
    return about_game(delivery, game, host_wording.told(*about(delivery, game), by, text), now)


register(NotificationType("host_left", recipients=_asked_to_take_over, build_message=_host_left))
choices.register("take_over", takeover.answer)


register(NotificationType("told", recipients=_players_told, build_message=_told))
