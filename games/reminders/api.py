"""How one is notified in a server, for programs."""

from datetime import time
from typing import Annotated, Any, Literal

from django.db import transaction
from ninja import Schema
from pydantic import AfterValidator, Field, WithJsonSchema

from games.api.base import answers, once, visible_guild
from games.api.caller import PLAY, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import Id, Sent
from games.core.base import lock_person
from games.reminders.actions import NotificationPreferences, get_preferences, save_preferences
from gamesched.lib.clock import db_now
from notifications.models import DeliveryMethod


def _check_clock(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("write a time of your own clock, as 22:30")
    return at


# Without an offset, which JSON Schema's format of this name demands.
Clock = Annotated[
    time,
    AfterValidator(_check_clock),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?", "examples": ["22:30"]}),
]
News = Literal["", "now", "daily"]


class PreferencesShape(Schema):
    """How you are notified in a server."""

    how: DeliveryMethod
    reminder: int | None = Field(description="An extra one, so many minutes before the start.")
    quiet_from: Clock | None
    quiet_to: Clock | None
    news: str = Field(description="Of new games: empty, now or daily.")
    templates: dict[str, str] = Field(description="The same for each template, by its id.")


class Preferences(Sent):
    """How you want to be notified; what is left out stays."""

    how: DeliveryMethod | None = None
    reminder: int | None = None
    quiet_from: Clock | None = None
    quiet_to: Clock | None = None
    news: News | None = None
    templates: dict[Id, News] | None = None


@router.get("/guilds/{id:guild_id}/notifications", auth=READ, response=answers(PreferencesShape))
def preferences(request: ApiRequest, guild_id: Id) -> Any:
    """Show how you are notified in a server."""
    visible_guild(request, guild_id)
    return _shape(get_preferences(request.user, guild_id))


@router.patch("/guilds/{id:guild_id}/notifications", auth=PLAY, response=answers(PreferencesShape))
def change_preferences(request: ApiRequest, guild_id: Id, sent: Preferences) -> Any:
    """Choose how you are notified in a server."""
    visible_guild(request, guild_id)
    given = sent.model_fields_set

    @transaction.atomic
    def act() -> PreferencesShape:
        lock_person(request.user.pk)  # of two changes at once, each keeps what the other changed
        kept = get_preferences(request.user, guild_id)

        def chosen(name: str, *, may_be_none: bool = True) -> Any:
            value = getattr(sent, name)
            return value if name in given and (may_be_none or value is not None) else getattr(kept, name)

        choices = NotificationPreferences(
            how=chosen("how", may_be_none=False),
            reminder=chosen("reminder"),
            quiet_from=chosen("quiet_from"),
            quiet_to=chosen("quiet_to"),
            news=chosen("news", may_be_none=False),
            templates=chosen("templates", may_be_none=False),
        )
        save_preferences(guild_id, choices, actor(request), db_now())
        return _shape(get_preferences(request.user, guild_id))

    return once(request, act)


def _shape(choices: NotificationPreferences) -> PreferencesShape:
    return PreferencesShape(
        how=DeliveryMethod(choices.how),
        reminder=choices.reminder,
        quiet_from=choices.quiet_from,
        quiet_to=choices.quiet_to,
        news=choices.news,
        templates={str(pk): when for pk, when in choices.templates.items()},
    )
