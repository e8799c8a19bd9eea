"""What a token can't see reads the same as what doesn't exist."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.api.tests.test_api import Program
from games.core.base import Actor, EntryPoint
from games.models import ApiToken, Game, GameTemplate, TimePoll
from games.polls.tests.helpers import make_poll
from games.server_settings.actions import values_of
from games.server_settings.templates import save_template
from guilds.directory import lookup
from guilds.directory.lookup import DirectoryUnavailable
from guilds.models import VIEW_CHANNEL, Guild, Member, Role, User

pytestmark = pytest.mark.django_db
NOWHERE = "999999"


@pytest.fixture
def program(client: Any, world: World) -> Any:
    return lambda user, *scopes, **options: Program(client, world, user, *scopes, **options)


def hide(world: World, channel: Any) -> None:
    channel.overwrites = [[world.guild.pk, 0, VIEW_CHANNEL]]
    channel.save()


def hide_but_for_old_roles(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a role show everybody the channel, which was theirs two hours ago, and nobody can ask Discord since."""

    def fail(*_: Any) -> None:
        raise DirectoryUnavailable("away")

    monkeypatch.setattr(lookup, "refresh_member", fail)
    role = Role.objects.create(id=7, guild=world.guild, name="Raider", position=2, permissions=0)
    world.channel.overwrites = [[world.guild.pk, 0, VIEW_CHANNEL], [role.pk, VIEW_CHANNEL, 0]]
    world.channel.save()
    Member.objects.update(role_ids=[role.pk], roles_read_at=world.now - timedelta(hours=2))


def template(world: World, name: str, channel: Any = None, **settings: Any) -> GameTemplate:
    values, actor = values_of(None) | settings, Actor(world.alice, EntryPoint.PAGE)
    channel_id = channel.pk if channel is not None else None
    saved = save_template(world.guild.pk, None, name, "", channel_id, values, (), actor, world.now)
    assert isinstance(saved.layer, GameTemplate)
    return saved.layer


def test_a_template_of_a_hidden_channel(world: World, program: Any) -> None:
    secret, other = template(world, "Secret", world.other_channel), world.create_game(title="Other")
    game = world.create_game(template_id=secret.pk)
    games, reader = f"/guilds/{world.guild.pk}/games", program(world.charlie)
    assert [one["id"] for one in reader("GET", f"{games}?template_id={secret.pk}").json()["games"]] == [str(game.pk)]
    assert reader("GET", f"/games/{game.pk}").json()["template_id"] == str(secret.pk)
    hide(world, world.other_channel)
    for who in (reader, program(world.bob)):
        for path in (games, "/games"):
            found, nothing = (who("GET", f"{path}?template_id={pk}").json() for pk in (secret.pk, NOWHERE))
            assert found == nothing == {"games": [], "next": None}
        assert who("GET", f"/games/{game.pk}").json()["template_id"] is None
    assert {one["id"] for one in reader("GET", games).json()["games"]} == {str(game.pk), str(other.pk)}

    GameTemplate.objects.update(channel=None, deleted_at=world.now)
    assert reader("GET", f"{games}?template_id={secret.pk}").json()["games"] == []


def test_a_templates_settings_are_for_hosts(world: World, program: Any) -> None:
    template(world, "Raid", archive_channel_id=world.other_channel.pk, instructions="the password is swordfish")
    hide(world, world.other_channel)
    path, host = f"/guilds/{world.guild.pk}/templates", program(world.bob)
    [shown] = host("GET", path).json()
    assert shown["resolved"]["instructions"]["value"] == "the password is swordfish"
    assert str(world.other_channel.pk) not in host("GET", path).text
    world.guild.defaults.host_role_ids = []
    world.guild.defaults.save()
    [shown] = host("GET", path).json()
    assert (shown["name"], shown["settings"], shown["resolved"], shown["locked"]) == ("Raid", {}, {}, [])


def test_people_of_other_servers_are_nobody(world: World, program: Any) -> None:
    stranger = User.objects.create(id=5, username="5", handle="stranger")
    game, host, manager, player = (world.create_game(), *map(program, (world.bob, world.alice, world.charlie)))
    for who, method, path, name in (
        (host, "POST", f"/games/{game.pk}/hand-over", "user_id"),
        (host, "PUT", f"/games/{game.pk}/cohosts", "user_ids"),
        (manager, "POST", f"/guilds/{world.guild.pk}/blocks", "user_id"),
    ):
        bodies = [{name: pk if name == "user_id" else [pk]} for pk in (str(stranger.pk), NOWHERE)]
        known, unknown = (who(method, path, body) for body in bodies)
        assert (known.status_code, known.text) == (404, unknown.text), path
        assert {player(method, path, body).status_code for body in bodies} == {403}


def test_a_token_for_one_server_reads_of_no_other(world: World, program: Any) -> None:
    there = world.create_game(title="Secret")
    program(world.charlie)("POST", f"/games/{there.pk}/join")
    here = world.create_game(title="Here")
    named = program(world.charlie)("POST", f"/games/{here.pk}/join")
    assert (named.status_code, named.json()["code"], "Secret" in named.text) == (409, "overlap", True)
    confined = program(world.charlie)
    ApiToken.objects.filter(user=world.charlie).update(guild=world.guild)
    asked = confined("POST", f"/games/{here.pk}/join")
    assert (asked.status_code, asked.json()["code"], "Secret" in asked.text) == (409, "overlap", False)
    assert confined("POST", f"/games/{here.pk}/join", {"anyway": True}).status_code == 200


def test_who_does_not_run_a_game_learns_of_no_delivery(world: World, program: Any) -> None:
    game = world.create_game()
    assert program(world.charlie)("POST", f"/games/{game.pk}/deliveries/1/resend").status_code == 403
    assert program(world.bob)("POST", f"/games/{game.pk}/deliveries/1/resend").status_code == 404


def test_a_polls_game_that_moved_to_a_hidden_channel(world: World, program: Any) -> None:
    game, poll = world.create_game(), make_poll(world)
    TimePoll.objects.update(game=game)
    reader = program(world.charlie)
    assert reader("GET", f"/polls/{poll.pk}").json()["game_id"] == str(game.pk)
    Game.objects.update(channel=world.other_channel)
    hide(world, world.other_channel)
    assert reader("GET", f"/polls/{poll.pk}").json()["game_id"] is None


def test_polls_of_a_hidden_channel_by_roles_that_nobody_can_ask_for(
    world: World, program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_poll(world)
    make_poll(world, title="Another")
    path, reader = f"/guilds/{world.guild.pk}/polls", program(world.charlie)
    assert [one["title"] for one in reader("GET", path).json()] == ["Curse of Strahd", "Another"]

    hide_but_for_old_roles(world, monkeypatch)
    assert reader("GET", path).json() == []


def test_a_change_is_refused_as_later_while_no_roles_can_be_read(
    world: World, program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    game, poll = world.create_game(), make_poll(world)

    hide_but_for_old_roles(world, monkeypatch)
    host = program(world.bob)
    assert host("PATCH", f"/games/{game.pk}", {"title": "New"}).status_code == 503
    assert host("PUT", f"/polls/{poll.pk}/vote", {"time_ids": []}).status_code == 503
    assert host("GET", f"/games/{game.pk}").status_code == 404


def test_a_guild_elsewhere_keeps_its_objects(world: World, program: Any) -> None:
    """Ids of another server's objects under the address of one's own."""
    other = Guild.objects.create(id=77, name="Elsewhere", owner_id=world.alice.pk)
    Member.objects.create(guild=other, user=world.alice, member_read_at=world.now, roles_read_at=world.now)
    theirs, manager = template(world, "Raid"), program(world.alice)
    for method, path in (
        ("PATCH", f"templates/{theirs.pk}"),
        ("DELETE", f"templates/{theirs.pk}"),
        ("POST", f"templates/{theirs.pk}/duplicate"),
        ("POST", f"templates/{theirs.pk}/default"),
        ("GET", f"channels/{world.channel.pk}/settings"),
        ("PATCH", f"channels/{world.channel.pk}/settings"),
        ("DELETE", f"blocks/{world.bob.pk}"),
        ("POST", "deliveries/1/resend"),
    ):
        body: Any = {} if method == "PATCH" else None
        assert manager(method, f"/guilds/{other.pk}/{path}", body).status_code == 404, (method, path)


def test_who_declines_a_draft_is_answered(world: World, program: Any) -> None:
    game = program(world.bob)(
        "POST", f"/guilds/{world.guild.pk}/games",
        {
            "title": "Draft", "channel_id": str(world.channel.pk), "announce": "draft",
            "starts_at": (world.now + timedelta(days=3)).replace(second=0, microsecond=0).isoformat(),
        },
    ).json()["game"]  # fmt: skip
    path, invited = f"/games/{game['id']}/hand-over", program(world.charlie)
    assert program(world.bob)("POST", path, {"user_id": str(world.charlie.pk)}).status_code == 200
    declined = invited("POST", f"{path}/answer", {"choice": "decline"}, Idempotency_Key="k1")
    assert (declined.status_code, declined.json()["game"]) == (200, None)
    assert Game.objects.get(pk=game["id"]).next_host is None
