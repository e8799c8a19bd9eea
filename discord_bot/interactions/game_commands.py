"""What the commands about a game do, and those in the menu of a message or a person. Each answers with one text."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from discord_bot.interactions.command_use import CommandReply, CommandUse
from discord_bot.models import Outcome
from games.core import wording
from games.core.base import ActionResult
from games.core.escaping import escape_markdown
from games.core.permissions import visible_to_player
from games.core.wording import timestamp
from games.deliveries.report import game_deliveries
from games.models import Game
from games.pages.game_list import PER_PAGE_IN_DISCORD, GameList, ListOptions
from games.pages.game_rows import game_rows
from games.scheduling import cancellation, command_wording, line_wording
from games.scheduling.actions import edit_game, plan_from_game
from games.scheduling.rules import change_plan
from games.series.buttons import series_buttons, this_one_only
from games.signups import manual_seating
from gamesched.lib.durations import BadDuration, parse_duration
from gamesched.lib.ids import parse_id
from gamesched.lib.times_in_words import find_time
from guilds.directory.payloads import MemberPayload
from guilds.directory.upsert import upsert_member
from guilds.display_names import display_names
from guilds.models import User
from guilds.names import isolated, shown_name

DELIVERY_LINES = 15  # of who was told what


def _visible_game(use: CommandUse, text: str) -> Game | None:
    """Return a game of the guild by the id of a choice; None for what does not exist for them."""
    games = Game.objects.with_guild_and_channel().filter(guild=use.guild)
    game = games.filter(pk=parse_id(text) or 0).first()
    return game if game is not None and use.viewer.may_see_game(game) else None


def _done(result: ActionResult, later: str = "game-repeat") -> CommandReply:
    """Return the reply to an action; `later`: the page that does the same for later games of its series."""
    outcome = Outcome.DONE if result.changed else Outcome.NOTHING
    lines = (escape_markdown(result.text), result.game.url, this_one_only(result.game, later))
    return CommandReply("\n".join(filter(None, lines)), outcome)


# --- /game … -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changes:
    """What is to change of a game; '' and None stay as they are."""

    title: str = ""
    when: str = ""
    seats: int | None = None
    duration: str = ""


def edit(use: CommandUse, game_id: str, changes: Changes) -> CommandReply:
    """Change what is named of a game, or tell where all of it is changed."""
    game = _visible_game(use, game_id)
    if game is None:
        return CommandReply(command_wording.CHOOSE_GAME)
    if not use.viewer.may_manage(game):
        return CommandReply(wording.NOT_YOURS)
    if changes == Changes():
        url = settings.PUBLIC_URL + reverse("game-edit", args=[game.pk])
        text = command_wording.edit_on_web(escape_markdown(game.title), url)
        lines = (text, this_one_only(game, "game-edit-later"))
        return CommandReply("\n".join(filter(None, lines)), Outcome.NOTHING, buttons=series_buttons(game, use.now))
    values: dict[str, Any] = {"title": changes.title} if changes.title else {}
    if changes.when:
        found = find_time(changes.when, use.now, game.zone)
        if found.at is None:
            return CommandReply(line_wording.LINE_PROBLEMS[found.problem or ""])
        values |= {"starts_at": found.at, "zone": found.zone}
        values |= {"duration": found.minutes} if found.minutes is not None else {}
    if changes.seats is not None:
        values["seats"] = changes.seats
    if changes.duration:
        try:
            values["duration"] = parse_duration(changes.duration)
        except BadDuration:
            return CommandReply(line_wording.LINE_PROBLEMS["bad_length"])
    result = edit_game(game.pk, change_plan(plan_from_game(game), **values), use.actor, use.now)
    return replace(_done(result, "game-edit-later"), buttons=series_buttons(result.game, use.now))


def cancel(use: CommandUse, game_id: str, reason: str) -> CommandReply:
    """Cancel a game."""
    game = _visible_game(use, game_id)
    if game is None:
        return CommandReply(command_wording.CHOOSE_GAME)
    return _done(cancellation.cancel_game(game.pk, reason, use.actor, use.now))


def show_settings(use: CommandUse) -> CommandReply:
    """Tell where the settings are that they may change."""
    urls = (
        settings.PUBLIC_URL + reverse(name, args=[use.guild.pk]) for name in ("guild-settings", "guild-notifications")
    )
    server, own = urls
    return CommandReply(command_wording.settings_links(server if use.viewer.manages else "", own), Outcome.NOTHING)


# --- the menu of a message ---------------------------------------------------------------------------------


def _game_of_post(use: CommandUse, message_id: int) -> Game | CommandReply:
    """Return the game of a post that they run."""
    games = Game.objects.with_guild_and_channel().filter(guild=use.guild, announcement__message_id=message_id)
    game = games.first()
    if game is None or not use.viewer.may_see_game(game):
        return CommandReply(command_wording.NO_POST)
    return game if use.viewer.may_manage(game) else CommandReply(wording.NOT_YOURS)


def sign_up(use: CommandUse, message_id: int, people: Mapping[int, MemberPayload]) -> CommandReply:
    """Sign up the members who were chosen for the game of a post."""
    game = _game_of_post(use, message_id)
    if isinstance(game, CommandReply):
        return game
    if any(one.user.bot for one in people.values()):
        return CommandReply(command_wording.NO_BOTS)
    for payload in people.values():
        upsert_member(use.guild.pk, payload, use.now)
    return _done(manual_seating.add_people(game.pk, [*people], use.actor, use.now))


def list_deliveries(use: CommandUse, message_id: int) -> CommandReply:
    """Tell who was notified of the game of a post, the latest first."""
    game = _game_of_post(use, message_id)
    if isinstance(game, CommandReply):
        return game
    deliveries = game_deliveries(game, use.now)
    lines = []
    for row in deliveries.notifications:
        lines.append(command_wording.notification_line(row.title, escape_markdown(row.text), timestamp(row.at, "R")))
        lines += [command_wording.recipient_line(escape_markdown(one.name), one.text) for one in row.recipients]
    text = "\n".join([*(lines[:DELIVERY_LINES] or [gettext(command_wording.NO_DELIVERIES)]), game.url])
    return CommandReply(text, Outcome.NOTHING)


# --- the menu of a person ----------------------------------------------------------------------------------


def games_with(use: CommandUse, user_id: int, name: str) -> CommandReply:
    """List the games to come in the guild that somebody hosts or is in, as far as the viewer may see them.

    `name`: what Discord calls them, for somebody of whom nothing is stored: most people, and bots.
    """
    viewer = use.viewer.person
    known = display_names(use.guild.pk, [user_id]).get(user_id)
    name = isolated(known.text if known is not None else shown_name(name, user_id=user_id))
    person = User.objects.filter(pk=user_id).first()
    games = visible_to_player(viewer).announced().filter(guild=use.guild).upcoming(use.now)
    listed = games.hosted_or_joined_by(person) if person is not None else games.none()
    ids = listed.values_list("pk", flat=True)[:PER_PAGE_IN_DISCORD]
    rows = tuple(game_rows([*ids], use.now, viewer).values())
    if not rows:
        return CommandReply(escape_markdown(command_wording.no_games_with(name)), Outcome.NOTHING)
    found = GameList("list", command_wording.games_with(name), rows, 1, 1, ListOptions())
    return CommandReply("", Outcome.NOTHING, found)
