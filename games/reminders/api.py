"""How one is notified in a server, for programs."""

from datetime import time
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from games.api.base import answers, visible_guild
from games.api.caller import PLAY, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import Id, Sent
from games.reminders.actions import NotificationPreferences, get_preferences, save_preferences
from gamesched.lib.clock import db_now
from notifications.models import DeliveryMethod

News = Literal["", "now", "daily"]


class PreferencesShape(Schema):
    """How you are notified in a server."""

    how: DeliveryMethod
    reminder: int | None = Field(description="An extra one, so many minutes before the start.")
    quiet_from: time | None
    quiet_to: time | None
    news: str = Field(description="Of new games: empty, now or daily.")
    templates: dict[str, str] = Field(description="The same for each template, by its id.")


class Preferences(Sent):
    """How you want to be notified; what is left out stays."""

    how: DeliveryMethod | None = None
    reminder: int | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
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
    kept, given = get_preferences(request.user, guild_id), sent.model_fields_set

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


def _shape(choices: NotificationPreferences) -> PreferencesShape:
    return PreferencesShape(
        how=DeliveryMethod(choices.how),
        reminder=choices.reminder,
        quiet_from=choices.quiet_from,
        quiet_to=choices.quiet_to,
        news=choices.news,
        templates={str(pk): when for pk, when in choices.templates.items()},
    )
