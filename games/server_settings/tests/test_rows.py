"""One setting of a layer, read in a table and edited in place."""

import re
from typing import Any

import pytest
from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.setting_kinds import Group
from games.models import AuditEntry, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import wording as settings_wording
from games.server_settings.table import find_row
from gamesched.testing.page_forms import form_to, page_forms
from guilds.models import Channel, Guild, User

HTMX = {"HX-Request": "true"}


def page_of(world: World) -> str:
    return reverse("guild-settings", args=[GUILD])


def row_form(client: Any, page: str, name: str, **typed: Any) -> dict[str, Any]:
    return form_to(client, f"{page}?edit={name}", page, **typed)


def shown_row(client: Any, page: str, name: str) -> Any:
    return find_row(client.get(page).context["groups"], name)


def change(world: World, **values: Any) -> None:
    """Change rows as another manager does meanwhile."""
    GuildDefaults.objects.filter(pk=GUILD).update(**values, edit_version=9)


def test_each_row_says_what_holds_and_from_where(world: World, as_person: Any) -> None:
    change(world, duration=180)
    ChannelDefaults.objects.create(channel=world.channel, seats=4)
    client, channel = as_person(world.alice), reverse("guild-channel", args=[GUILD, world.channel.pk])

    def facts(page: str, name: str) -> tuple[str, str, bool]:
        row = shown_row(client, page, name)
        return row.text, row.source, row.is_own

    assert facts(page_of(world), "seats") == ("Unlimited seats", settings_wording.BUILT_IN, False)
    assert facts(page_of(world), "duration") == ("3 hours", settings_wording.OWN_SOURCES["guild"], True)
    assert facts(channel, "duration") == ("3 hours", settings_wording.SERVER, False)
    assert facts(channel, "seats") == ("4 seats", settings_wording.OWN_SOURCES["channel"], True)
    assert facts(channel, "for_games") == (settings_wording.YES, "", False)
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", channel=world.channel, locked=["seats"])
    own = reverse("template", args=[GUILD, template.pk])
    assert facts(own, "seats") == ("4 seats", "#game-night", False)
    assert shown_row(client, own, "seats").is_locked
    assert facts(own, "channel") == ("#game-night", "", False)


def test_the_group_of_a_row_is_unfolded(world: World, as_person: Any) -> None:
    client, page = as_person(world.alice), page_of(world)

    def unfolded(query: str = "") -> list[str]:
        return re.findall(r'<details [^>]*id="group-(\w+)" open>', client.get(f"{page}{query}").text)

    assert unfolded() == [Group.HOSTS]
    assert unfolded("?edit=seats") == unfolded("?close=seats") == [Group.BASICS]
    refused = client.post(page, row_form(client, page, "seats", seats="many"))
    assert 'id="group-basics" open' in refused.text


def test_a_row_saves_that_row_alone(world: World, as_person: Any) -> None:
    change(world, seats=4, manager_role_ids=[GUILD + 20], player_role_ids=[EVERYONE])
    client, page = as_person(world.alice), page_of(world)
    response = client.post(page, row_form(client, page, "location", location="Table 3"))
    assert response.url == f"{page}#row-location"
    saved = GuildDefaults.objects.get(pk=GUILD)
    assert (saved.location, saved.seats, saved.manager_role_ids, saved.player_role_ids) == (
        "Table 3", 4, [GUILD + 20], [EVERYONE],
    )  # fmt: skip
    assert set(AuditEntry.objects.latest("pk").changes) == {"of", "location"}
    inherits = row_form(client, page, "player_role_ids") | {"inherit": "1"}
    assert client.post(page, inherits).status_code == 302
    saved.refresh_from_db()
    assert (saved.player_role_ids, saved.location) == (None, "Table 3")


def test_in_place_the_answer_is_the_row(world: World, as_person: Any) -> None:
    client, page = as_person(world.alice), page_of(world)
    opened = client.get(page, {"edit": "seats"}, headers=HTMX)
    assert opened.text.strip().startswith('<div class="setting')
    assert 'name="seats"' in opened.text
    form = row_form(client, page, "location", location="Table 3")
    saved = client.post(page, form, headers=HTMX)
    assert (saved.status_code, saved.context["row"].text) == (200, "Table 3")
    assert settings_wording.settings_saved(True, 0) in saved.text
    assert 'name="location"' not in saved.text, "it is closed again"
    closed = client.get(page, {"close": "location"}, headers=HTMX)
    assert "<html" not in closed.text
    assert 'name="location"' not in closed.text
    assert client.get(page, {"edit": "nonsense"}).status_code == 200
    assert client.post(page, form | {"edit": "nonsense"}).status_code == 404


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_what_is_refused_stays_typed(world: World, as_person: Any, headers: dict[str, str]) -> None:
    client, page = as_person(world.alice), page_of(world)
    refused = client.post(page, row_form(client, page, "seats", seats="many"), headers=headers)
    assert refused.status_code == 422
    assert 'value="many"' in refused.text
    assert set(refused.context["form"].errors) == {"seats"}


def test_another_row_changed_meanwhile_is_no_conflict(world: World, as_person: Any) -> None:
    client, page = as_person(world.alice), page_of(world)
    form = row_form(client, page, "location", location="Mine")
    change(world, duration=180)
    assert client.post(page, form).status_code == 302
    saved = GuildDefaults.objects.get(pk=GUILD)
    assert (saved.location, saved.duration) == ("Mine", 180)


def test_the_same_row_changed_meanwhile_shows_both(world: World, as_person: Any) -> None:
    client, page = as_person(world.alice), page_of(world)
    form = row_form(client, page, "location", location="Mine")
    change(world, location="Theirs")
    stale = client.post(page, form, headers=HTMX)
    assert (stale.status_code, stale.context["problem"]) == (422, settings_wording.STALE_SETTINGS)
    assert [(theirs, mine) for _, theirs, mine in stale.context["conflict"]] == [("Theirs", "Mine")]
    assert GuildDefaults.objects.get(pk=GUILD).location == "Theirs"
    again = {name: re.findall(rf'name="{name}" value="(\w*)"', stale.text)[0] for name in ("edition", "was")}
    assert client.post(page, form | again).status_code == 302
    assert GuildDefaults.objects.get(pk=GUILD).location == "Mine"


def test_upcoming_games_are_shown_before_they_change(world: World, as_person: Any) -> None:
    world.create_game(seats=None)
    client, page = as_person(world.alice), page_of(world)
    form = row_form(client, page, "seats", seats="3")
    shown = client.post(page, form, headers=HTMX)
    assert (shown.status_code, shown.context["changes_text"]) == (200, settings_wording.games_change(1))
    assert client.post(page, form | {"preview": "1"}, headers=HTMX).text == settings_wording.would_change(1)
    assert client.post(page, form | {"preview": "1", "seats": "many"}, headers=HTMX).text == ""
    assert GuildDefaults.objects.get(pk=GUILD).seats is None
    token = shown.context["confirmation_token"]
    done = client.post(page, form | {"confirmed": token}, headers=HTMX)
    assert settings_wording.settings_saved(True, 1) in done.text
    assert GuildDefaults.objects.get(pk=GUILD).seats == 3
    asked = client.post(page, row_form(client, page, "seats") | {"inherit": "1"}, headers=HTMX)
    again = next(one.fields for one in page_forms(asked.text)) | {"confirmed": asked.context["confirmation_token"]}
    client.post(page, again, headers=HTMX)
    assert GuildDefaults.objects.get(pk=GUILD).seats is None


def test_a_template_locks_a_row_where_it_is_edited(world: World, as_person: Any) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", locked=["duration"])
    client, page = as_person(world.alice), reverse("template", args=[GUILD, template.pk])
    assert client.post(page, row_form(client, page, "seats", seats="5", lock="on")).status_code == 302
    template.refresh_from_db()
    assert (template.seats, sorted(template.locked)) == (5, ["duration", "seats"])
    unlocked = row_form(client, page, "duration")
    del unlocked["lock"]
    assert client.post(page, unlocked).status_code == 302
    template.refresh_from_db()
    assert (template.name, template.seats, template.locked) == ("Campaign", 5, ["seats"])
    assert "lock" not in row_form(client, page, "host_role_ids"), "no game has it"


def test_rows_of_a_channel_keep_its_agenda(world: World, as_person: Any) -> None:
    client, page = as_person(world.alice), reverse("guild-channel", args=[GUILD, world.channel.pk])
    assert client.post(page, row_form(client, page, "agenda_days", agenda_days="7")).status_code == 302
    assert client.post(page, row_form(client, page, "location", location="Here")).status_code == 302
    assert shown_row(client, page, "agenda_days").text == settings_wording.agenda_days(7)
    assert ChannelDefaults.objects.get(pk=world.channel.pk).for_games


def test_only_who_manages_and_only_this_guild(world: World, as_person: Any) -> None:
    page = page_of(world)
    form = row_form(as_person(world.alice), page, "location", location="Mine")
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    for who, status in ((world.bob, 403), (stranger, 404)):
        assert as_person(who).get(page, {"edit": "location"}).status_code == status
        assert as_person(who).post(page, {"edit": "location", "location": "Mine"}).status_code == status
    other = Guild.objects.create(pk=GUILD + 5, name="Elsewhere", owner_id=world.bob.pk)
    channel = Channel.objects.create(pk=GUILD + 6, guild=other, name="theirs", type=0, position=1)
    template = GameTemplate.objects.create(guild=other, name="Theirs")
    client = as_person(world.alice)  # the same browser, of which only the last login counts
    for address in (
        reverse("guild-settings", args=[other.pk]),
        reverse("guild-channel", args=[GUILD, channel.pk]),
        reverse("template", args=[GUILD, template.pk]),
    ):
        assert client.get(address, {"edit": "location"}).status_code == 404
        assert client.post(address, form).status_code == 404
    assert GuildDefaults.objects.get(pk=GUILD).location is None


def test_cards_say_what_a_template_sets(world: World, as_person: Any, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        GameTemplate.objects.create(guild=world.guild, name=f"Raid {number}", position=number, seats=5, duration=240)
    client, address = as_person(world.alice), reverse("guild-templates", args=[GUILD])
    client.get(address)
    with django_assert_max_num_queries(20):
        page = client.get(address)
    [card, *_] = page.context["cards"]
    assert card.facts == [("Seats", "5 seats"), ("Duration", "4 hours")]
    assert page.text.count(f"{reverse('game-new', args=[GUILD])}?template=") == 12


def test_an_operator_is_named_beside_what_was_edited_here(world: World, as_person: Any) -> None:
    client, page = as_person(world.alice), page_of(world)
    client.post(page, row_form(client, page, "location", location="Table 3"))
    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.source) == (Actor(world.alice, EntryPoint.PAGE).user, EntryPoint.PAGE)
