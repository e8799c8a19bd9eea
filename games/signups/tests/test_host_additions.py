"""People and placeholders that a host adds and removes, by every entry point."""

import re
from datetime import timedelta
from html import escape
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from discord_bot.render import announcement_embed
from games.core import state_wording, wording
from games.core.audit_people import stored_person
from games.core.base import Actor, EntryPoint
from games.core.roster import load_roster
from games.core.states import State
from games.models import AuditEntry, Game, Signup
from games.models.settings import GuildDefaults
from games.pages.tests.test_pages import fields
from games.posts.announcement import announcement_view
from games.posts.tests.test_post_layout import check_limits
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.signups import actions as signups
from games.signups import limits as signup_limits
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Member, User
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import get_message_type

pytestmark = pytest.mark.slow

NEW = MemberPayload(UserPayload(1300000000000000077, "newcomer", "Newcomer"))
requested: list[str] = []


class SearchableDirectory:
    """A directory that knows one member who joined a minute ago, and all users that the tests created."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        requested.append(str(user_id))
        return NEW if user_id == NEW.user.id else None

    def search(self, guild_id: int, query: str, limit: int) -> list[MemberPayload]:
        requested.append(query)
        return [NEW] if "newcomer".startswith(query.lower()) else []

    def has_message(self, channel_id: int, message_id: int) -> bool:
        return True


class UnavailableDirectory(SearchableDirectory):
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        raise DirectoryUnavailable("502")

    def search(self, guild_id: int, query: str, limit: int) -> list[MemberPayload]:
        requested.append(query)
        raise DirectoryUnavailable("502")


@pytest.fixture(autouse=True)
def discord(settings: Any) -> None:
    requested.clear()
    settings.DISCORD_DIRECTORY = f"{__name__}.SearchableDirectory"


def host(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def edit(world: World, game: Game, *named: int | str, **changes: Any) -> Any:
    plan = world.make_plan(starts_at=game.starts_at, **changes)
    return scheduling.edit_game(game.pk, plan, host(world), world.now, participants=named)


def names(game: Game) -> tuple[list[str], list[str]]:
    people = load_roster(game)
    return [seat.name for seat in people.seated], [seat.name for seat in people.waiting]


def due(kind: str) -> list[int | None]:
    return list(Notification.objects.open().filter(kind=kind).order_by("pk").values_list("recipient_id", flat=True))


def build_message(kind: str, world: World, now: Any = None) -> Any:
    row = Notification.objects.get(kind=kind)
    return get_message_type(kind).build_message(  # type: ignore[misc]
        Delivery(notification=row, recipient=row.recipient, nonce="n"), now or world.now
    )


# --- adding ----------------------------------------------------------------------------------------------


def test_a_new_game_starts_with_the_participants_in_order(world: World) -> None:
    named: list[int | str] = [world.charlie.pk, "Grandma", world.alice.pk]
    done = scheduling.create_game(world.guild.pk, world.make_plan(seats=2), host(world), world.now, participants=named)
    assert names(done.game) == (["charlie", "Grandma"], ["alice"])
    assert "Added: charlie, Grandma, alice." in done.text
    assert due("added") == [world.charlie.pk, world.alice.pk]
    assert not due("moved")


def test_editing_adds_and_removes_nobody(world: World) -> None:
    game = world.create_game(seats=2)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    done = edit(world, game, world.charlie.pk, "Grandma", seats=2)
    assert "Added: Grandma. Already in: charlie." in done.text
    again = edit(world, game, world.charlie.pk, "GRANDMA", seats=2)
    assert not again.changed
    assert names(game) == (["charlie", "Grandma"], [])
    assert not due("added")
    assert Signup.objects.count() == 2


def test_waiting_players_stay_before_those_added(world: World) -> None:
    game = world.create_game(seats=1)
    for n in (100, 101):
        person = world.add_member(n)
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    edit(world, game, "Grandma", seats=2)
    assert names(game) == (["person100", "person101"], ["Grandma"])


def test_the_person_added_is_notified(world: World) -> None:
    game = world.create_game()
    edit(world, game, world.charlie.pk)
    message = build_message("added", world)
    assert isinstance(message, OutgoingMessage)
    assert message.text.startswith("📋 Bob the GM added you to **Curse of Strahd**")
    assert "You have a seat." in message.text
    assert game.url in message.text
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert not isinstance(build_message("added", world), OutgoingMessage), "whoever left meanwhile is not told"


def test_a_host_who_adds_themselves_is_not_notified(world: World) -> None:
    game = world.create_game()
    edit(world, game, world.bob.pk)
    assert names(game) == (["Bob the GM"], [])
    assert not due("added")


def test_too_many_placeholders_are_refused_and_nothing_is_saved(world: World) -> None:
    game = world.create_game()
    edit(world, game, *(f"Guest {n}" for n in range(signup_limits.PLACEHOLDERS_MAX)))
    with pytest.raises(Refused, match="a game can have 100") as refused:
        edit(world, game, world.charlie.pk, "One more", title="Other")
    assert "participants" in refused.value.refusal.fields
    game.refresh_from_db()
    assert game.title == "Curse of Strahd"
    assert Signup.objects.count() == signup_limits.PLACEHOLDERS_MAX
    edit(world, game, world.charlie.pk)


def test_the_number_of_participants_is_limited(world: World) -> None:
    game = world.create_game(seats=None)
    people = User.objects.bulk_create(
        User(id=5000 + n, username=str(5000 + n), handle=f"p{n}") for n in range(signup_limits.PARTICIPANTS_MAX + 1)
    )
    Member.objects.bulk_create(Member(guild=world.guild, user=person, member_read_at=world.now) for person in people)
    with pytest.raises(Refused, match="a host can name up to 150"):
        edit(world, game, *(person.pk for person in people), seats=None)
    edit(world, game, *(person.pk for person in people[:-1]), seats=None)
    assert Signup.objects.count() == signup_limits.PARTICIPANTS_MAX


def test_strangers_and_people_who_left_are_refused(world: World) -> None:
    game = world.create_game()
    Member.objects.filter(user=world.charlie).update(left_at=world.now)
    for who in (world.charlie.pk, 999999):
        with pytest.raises(Refused, match=wording.MEMBER_LEFT):
            edit(world, game, who)
    assert not Signup.objects.exists()


# --- removing --------------------------------------------------------------------------------------------


def test_removing_gives_the_seat_to_the_next_and_notifies(world: World) -> None:
    game = world.create_game(seats=1)
    edit(world, game, world.charlie.pk, world.alice.pk, seats=1)
    later = world.now + timedelta(minutes=1)
    signup = game.signups.current().get(user=world.charlie)
    done = signups.remove_signup(game.pk, signup.pk, host(world), later)
    assert done.text == "charlie is no longer in the game."
    assert names(game) == (["alice"], [])
    assert due("removed") == [world.charlie.pk]
    assert due("moved") == [world.alice.pk]
    assert build_message("removed", world).text.startswith("Bob the GM removed you from **Curse of Strahd**")
    again = signups.remove_signup(game.pk, signup.pk, host(world), later)
    assert not again.changed
    entry = AuditEntry.objects.filter(action="remove").get()
    assert entry.changes == {"for": stored_person(world.charlie.pk)}


def test_a_placeholder_is_removed_and_can_be_named_again(world: World) -> None:
    game = world.create_game()
    edit(world, game, "Grandma")
    done = signups.remove_signup(game.pk, game.signups.current().get().pk, host(world), world.now)
    assert done.text == "Grandma is no longer in the game."
    edit(world, game, "Grandma")
    assert names(game) == (["Grandma"], [])
    assert not due("removed")


def test_only_managers_remove_and_only_in_their_game(world: World) -> None:
    game, other = world.create_game(), world.create_game()
    edit(world, game, "Grandma")
    signup = game.signups.current().get()
    with pytest.raises(Refused, match=wording.NOT_YOURS):
        signups.remove_signup(game.pk, signup.pk, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert not signups.remove_signup(other.pk, signup.pk, host(world), world.now).changed
    cancellation.cancel_game(game.pk, "", host(world), world.now)
    with pytest.raises(Refused, match=state_wording.no_longer_changeable(State.CANCELLED)):
        signups.remove_signup(game.pk, signup.pk, host(world), world.now)


def test_a_cancelled_game_notifies_only_of_the_cancellation(world: World) -> None:
    game = world.create_game()
    edit(world, game, world.charlie.pk)
    cancellation.cancel_game(game.pk, "", host(world), world.now)
    assert not due("added")


# --- entry points ----------------------------------------------------------------------------------------


def test_the_form_adds_new_members_and_names_completed_ones(world: World, as_person: Any) -> None:
    data = fields(world, participants="@newc\n@charlie, Grandma")
    page = as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), data, follow=True).text
    assert names(Game.objects.get()) == (["Newcomer", "charlie", "Grandma"], [])
    assert "Added: Newcomer, charlie, Grandma. We took “@newc” to mean Newcomer." in page


def test_choosing_one_of_several_without_javascript(world: World, as_person: Any) -> None:
    robins = [world.add_member(n, nick="Robin") for n in (100, 101)]
    client, url = as_person(world.bob), reverse("game-new", args=[world.guild.pk])
    data = fields(world, participants="Grandma\n@robin\n@alcie")
    wrong = client.post(url, data)
    assert wrong.status_code == 422
    assert "Line 2, “@robin”: 2 members have that name." in wrong.text
    assert "Line 3, “@alcie”: Nobody in this server is called that." in wrong.text
    assert 'name="choice:@robin"' in wrong.text
    assert wrong.text.count("avatars/") >= 3, "faces tell people of one name apart"
    half = client.post(url, data | {"choice:@robin": str(robins[1].pk)})
    assert f"Robin &lt;@{robins[1].pk}&gt;" in half.text, "what was chosen stays chosen"
    assert "@alcie" in half.text
    chosen = {"choice:@robin": str(robins[1].pk), "choice:@alcie": str(world.alice.pk)}
    assert client.post(url, data | chosen).status_code == 302
    assert [s.user_id for s in Game.objects.get().signups.current()] == [None, robins[1].pk, world.alice.pk]


def test_inherited_fields_still_inherit_after_an_error(world: World, as_person: Any) -> None:
    wrong = as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), fields(world, participants="@zzz"))
    form = wrong.context["form"]
    assert not form["location"].value()
    assert not form["instructions"].value()


def test_a_forged_choice_is_refused(world: World, as_person: Any) -> None:
    for value in ("x", "1", "99999999999999999999", "<b>", str(NEW.user.id)):
        data = fields(world, participants="@zzz") | {"choice:@zzz": value, "choice:": value}
        assert as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), data).status_code == 422


def test_without_discord_only_exact_names_are_accepted(world: World, as_person: Any, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.UnavailableDirectory"
    client, url = as_person(world.bob), reverse("game-new", args=[world.guild.pk])
    wrong = client.post(url, fields(world, participants="@charl\n@nobody\n<@1300000000000000099>"))
    assert escape(wording.DISCORD_UNAVAILABLE) in wrong.text
    assert wrong.status_code == 422
    assert len(requested) == 1, "one that failed is not repeated at once"
    assert client.post(url, fields(world, participants="@charlie")).status_code == 302


def test_a_stale_form_keeps_the_named_participants(world: World, as_person: Any) -> None:
    game = world.create_game()
    client, url = as_person(world.bob), reverse("game-edit", args=[game.pk])
    client.post(url, fields(world, title="Theirs", edition="1"))
    stale = client.post(url, fields(world, title="Yours", edition="1", participants="Grandma"))
    assert stale.status_code == 422
    assert "Grandma" in stale.text
    assert not Signup.objects.exists()


def test_the_roster_has_remove_buttons_for_managers_only(world: World, as_person: Any) -> None:
    game = world.create_game()
    edit(world, game, world.charlie.pk)
    url = reverse("game-remove", args=[game.pk, game.signups.current().get().pk])
    assert url not in as_person(world.charlie).get(game.get_absolute_url()).text
    assert url in as_person(world.bob).get(game.get_absolute_url()).text
    page = as_person(world.bob).post(url, follow=True).text
    assert "charlie is no longer in the game." in page
    assert "Bob the GM removed charlie" in page
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    assert as_person(stranger).post(url).status_code == 404


def test_the_command_names_participants(world: World) -> None:
    game = world.create_game()
    out = StringIO()
    call_command("game", "edit", str(game.pk), "--participants", "@charlie, Grandma", stdout=out)
    assert "Added: charlie, Grandma." in out.getvalue()
    call_command("game", "edit", str(game.pk), "--participants", "One", "--dry-run", stdout=out)
    assert names(game) == (["charlie", "Grandma"], [])
    with pytest.raises(CommandError, match="--participants: Line 1, “@zzz”"):
        call_command("game", "edit", str(game.pk), "--participants", "@zzz")


# --- while typing ----------------------------------------------------------------------------------------


def search_members(world: World, as_person: Any, query: str, who: User | None = None) -> Any:
    return as_person(who or world.bob).get(reverse("members", args=[world.guild.pk]), {"q": query})


def test_members_are_offered_while_a_name_is_typed(world: World, as_person: Any) -> None:
    world.create_game()  # Bob hosts one
    assert "Newcomer" in search_members(world, as_person, "new").text
    offered = search_members(world, as_person, "bob").text
    assert f'data-written="Bob the GM &lt;@{world.bob.pk}&gt;"' in offered
    assert search_members(world, as_person, "").text.strip() == ""
    assert search_members(world, as_person, "\x00").status_code == 400
    for n in range(100, 115):
        world.add_member(n)
    assert search_members(world, as_person, "person").text.count('role="option"') == 10


def test_typing_on_searches_discord_once(world: World, as_person: Any) -> None:
    world.create_game()
    for query in ("n", "ne", "new", "newc"):
        search_members(world, as_person, query)
    assert requested == ["n"]


def test_members_are_offered_to_hosts_only(world: World, as_person: Any) -> None:
    GuildDefaults.objects.update(host_role_ids=None)
    assert search_members(world, as_person, "bob", world.alice).status_code == 200
    assert search_members(world, as_person, "bob", world.charlie).status_code == 403
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    assert search_members(world, as_person, "bob", stranger).status_code == 404
    assert not [query for query in requested if query != "bob"]


# --- names of the past -----------------------------------------------------------------------------------


def test_people_who_left_keep_name_and_avatar_in_old_games(world: World, as_person: Any) -> None:
    person = world.add_member(100, nick="Sir Robin")
    Member.objects.filter(user=person).update(avatar="abc")
    game = world.create_game()
    signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    Member.objects.filter(user=person).update(left_at=world.now)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert "Sir Robin" in page
    assert f"/users/{person.pk}/avatars/abc.png" in page


def longest_names(mark: str) -> list[str]:
    """Return as many names as may be, each as long as it may be."""
    most, longest = signup_limits.PLACEHOLDERS_MAX, signup_limits.PLACEHOLDER_MAX
    assert (most, longest) == (100, 100)
    return [f"{n:03}{mark * longest}"[:longest] for n in range(most)]


def test_as_many_names_as_may_be_are_typed_and_shown(world: World, as_person: Any) -> None:
    names = longest_names("`🎲&")
    client, url = as_person(world.bob), reverse("game-new", args=[world.guild.pk])
    response = client.post(url, fields(world, participants="\n".join(names), seats="60"), follow=True)
    assert "and 90 more." in response.text, "the reply names a few"
    game = Game.objects.get()
    assert list(game.signups.order_by("order_key").values_list("placeholder", flat=True)) == names
    assert all(escape(name) in response.text for name in names), "the page names all"
    again = client.post(reverse("game-edit", args=[game.pk]), fields(world, participants="One more", edition="1"))
    assert again.status_code == 422


@pytest.mark.parametrize("mark", ["x", "*", "🎲", "`|", "https://a.example/"])
def test_a_post_shows_whole_names_of_so_many(world: World, mark: str) -> None:
    names = longest_names(mark)
    plan = world.make_plan(seats=60)
    game = scheduling.create_game(world.guild.pk, plan, host(world), world.now, participants=names).game
    view = announcement_view(game, world.now)
    embed = announcement_embed(view)
    assert len(embed) <= 6000
    assert all(len(field.value or "") <= 1024 for field in embed.fields)
    text = "\n".join(field.value or "" for field in embed.fields)
    shown, more = re.findall(r"(?m)^\d+\. \d{3}", text), re.findall(r"and (\d+) more\]\(", text)
    assert len(shown) + sum(map(int, more)) == len(names), "whole lines, and how many more"
    check_limits(view)
