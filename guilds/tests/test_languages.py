"""Which language holds: a person's, their Discord's, their browser's, their server's; and where each is read."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

from conftest import GUILD, World
from games.core.codes import AuditAction
from games.models import Agenda, AuditEntry
from games.server_settings import language_wording
from guilds.directory.payloads import GuildPayload, MemberPayload, UserPayload
from guilds.directory.upsert import upsert_guild, upsert_member
from guilds.languages import (
    find_language,
    known_locale,
    language_of_browser,
    language_of_guild,
    language_of_person,
)
from guilds.models import Guild, User
from notifications.models import Notification


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-AT", "de"), ("en-GB", "en"), ("en-US", "en"), ("he-IL", "he"), ("fr", ""), ("", "")]
    + [("tlh", ""), ("es-419", ""), ("x" * 600, ""), ("../../etc", "")],
)
def test_a_locale_names_one_of_our_languages_or_none(locale: str, language: str) -> None:
    assert find_language(locale) == language


@pytest.mark.parametrize("locale", ["", "d", "de_DE", "de-", "<b>", "de\0", "x" * 13, "12"])
def test_what_is_no_locale_is_not_kept(locale: str) -> None:
    assert known_locale(locale) == ""
    assert UserPayload(1, "a", locale=locale).locale == ""


def test_a_choice_goes_before_discord_and_discord_before_the_browser() -> None:
    assert language_of_person(User(language="he", discord_locale="de")) == "he"
    assert language_of_person(User(language="", discord_locale="de")) == "de"
    assert language_of_person(User(language="xx", discord_locale="fr")) == ""


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("fr, de-CH;q=0.9, en;q=0.8", "de"),
        ("en-GB,en;q=0.5", "en"),
        ("*", ""),
        ("", ""),
        ("fr;q=1", ""),
        ("x" * 5000, ""),
    ],
)
def test_a_browser_asks_for_several(accepted: str, language: str) -> None:
    assert language_of_browser(RequestFactory().get("/", headers={"Accept-Language": accepted})) == language


def test_a_guild_speaks_what_its_managers_chose_else_what_discord_has_for_it() -> None:
    assert language_of_guild(Guild(language="he", preferred_locale="de")) == "he"
    assert language_of_guild(Guild(language="", preferred_locale="de")) == "de"
    assert language_of_guild(Guild(language="", preferred_locale="pl")) == "en"
    assert language_of_guild(None) == "en"


def test_discord_tells_it_and_it_is_written_once(world: World, django_assert_num_queries: Any) -> None:
    person = UserPayload(world.bob.pk, world.bob.handle, locale="de")
    member = MemberPayload(person, "Bob the GM")
    assert upsert_member(GUILD, member, world.now).user.discord_locale == "de"
    world.bob.refresh_from_db()
    assert world.bob.discord_locale == "de"
    with django_assert_num_queries(1):
        upsert_member(GUILD, member, world.now)
    upsert_member(GUILD, replace(member, user=replace(person, locale="")), world.now)
    world.bob.refresh_from_db()
    assert world.bob.discord_locale == "de", "who does not say it changes nothing"


def test_a_guilds_locale_is_kept(world: World) -> None:
    payload = GuildPayload(GUILD, "Friday Night Dice", "", world.alice.pk, (), (), "de")
    upsert_guild(payload, world.now)
    assert Guild.objects.get(pk=GUILD).preferred_locale == "de"
    upsert_guild(replace(payload, preferred_locale="en-US"), world.now)
    assert language_of_guild(Guild.objects.get(pk=GUILD)) == "en"


# --- pages -----------------------------------------------------------------------------------------------


def test_a_page_says_its_language_and_its_direction(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    asked = {"headers": {"Accept-Language": "de"}}
    shown = client.get(reverse("me"), **asked)
    assert '<html lang="de">' in shown.text
    assert shown.headers["Content-Language"] == "de"
    assert "Accept-Language" in shown.headers["Vary"]
    client.post(reverse("me"), {"zone": "Europe/Berlin", "language": "he"})
    shown = client.get(reverse("me"), **asked)
    assert '<html lang="he" dir="rtl">' in shown.text
    assert shown.headers["Content-Language"] == "he"
    assert "Accept-Language" not in shown.headers["Vary"]
    assert translation.get_language() == "en", "the thread goes on in its own"


def test_the_prompt_for_a_zone_leaves_the_language(world: World, as_person: Any) -> None:
    User.objects.update(language="de")
    assert as_person(world.bob).post(reverse("me"), {"zone": "Europe/Berlin"}).status_code == 302
    world.bob.refresh_from_db()
    assert (world.bob.zone, world.bob.language) == ("Europe/Berlin", "de")


def test_no_other_language_may_be_chosen(world: World, as_person: Any) -> None:
    shown = as_person(world.bob).post(reverse("me"), {"zone": "Europe/Berlin", "language": "tlh"})
    assert shown.status_code == 422
    assert shown.context["form"].errors["language"]


@pytest.mark.parametrize("language", ["de", "he"])
def test_fields_of_dates_and_numbers_stay_as_browsers_read_them(world: World, as_person: Any, language: str) -> None:
    game = world.create_game()
    User.objects.update(language=language, zone="Europe/Berlin")
    shown = as_person(world.bob).get(reverse("game-edit", args=[game.pk])).text
    local = game.starts_at.astimezone(world.bob.tzinfo if world.bob.zone else User(zone="Europe/Berlin").tzinfo)
    assert f'value="{local:%Y-%m-%d}"' in shown
    assert f'value="{local:%H:%M}"' in shown
    assert f'action="/games/{game.pk}/' in shown or f"/games/{game.pk}/" in shown


# --- a guild's -------------------------------------------------------------------------------------------


def test_managers_choose_it_and_the_audit_says_so(world: World, as_person: Any) -> None:
    client, address = as_person(world.alice), reverse("guild-settings", args=[GUILD])
    Agenda.objects.create(channel=world.channel, guild=world.guild, days=7)
    row = client.get(f"{address}?edit=language").context["form"]
    sent = {"edit": "language", "edition": row.initial["edition"], "was": row.initial["was"], "language": "de"}
    assert client.post(address, sent).status_code == 302
    assert Guild.objects.get(pk=GUILD).language == "de"
    assert Notification.objects.open().filter(kind="agenda", dedupe_key=world.channel.pk).exists(), "with no game, too"
    entry = AuditEntry.objects.get(action=AuditAction.EDIT_GUILD)
    assert entry.changes["language"] == ["", "de"]
    history = client.get(reverse("guild-history", args=[GUILD])).text
    assert "Deutsch" in history
    assert language_wording.LABEL in history
    assert "Deutsch" in client.get(address).text


def test_other_settings_leave_it(world: World, as_person: Any) -> None:
    Guild.objects.update(language="he")
    client, address = as_person(world.alice), reverse("guild-settings", args=[GUILD])
    row = client.get(f"{address}?edit=zone").context["form"]
    sent = {"edit": "zone", "edition": row.initial["edition"], "was": row.initial["was"], "zone": "Asia/Tokyo"}
    assert client.post(address, sent).status_code == 302
    assert Guild.objects.get(pk=GUILD).language == "he"


def test_no_other_language_for_a_guild(world: World, as_person: Any) -> None:
    client, address = as_person(world.alice), reverse("guild-settings", args=[GUILD])
    row = client.get(f"{address}?edit=language").context["form"]
    sent = {"edit": "language", "edition": row.initial["edition"], "was": row.initial["was"], "language": "tlh"}
    assert client.post(address, sent).status_code == 422
    assert Guild.objects.get(pk=GUILD).language == ""
