"""Whether one channel shows more people than another: what is shown in the first must not be news to anybody."""

import pytest

from conftest import EVERYONE, World
from gamesched.local_discord import fixtures
from guilds.models import VIEW_CHANNEL, Channel, Member, Role
from guilds.permissions import shows_more_people

OFFICER, TRAITOR = fixtures.ORGANISER_ID, fixtures.ORGANISER_ID + 1
UNKNOWN = 4242
ALLOW, DENY = (VIEW_CHANNEL, 0), (0, VIEW_CHANNEL)


@pytest.fixture
def roles(world: World) -> None:
    Role.objects.create(pk=TRAITOR, guild=world.guild, name="Traitor")
    Member.objects.filter(user=world.charlie).update(role_ids=[OFFICER])


def shows_more(world: World, archive: dict[int, tuple[int, int]], of_game: dict[int, tuple[int, int]]) -> bool:
    rows = []
    for channel, overwrites in ((world.channel, archive), (world.other_channel, of_game)):
        channel.overwrites = [[target, *bits] for target, bits in overwrites.items()]
        channel.save()
        rows.append(Channel.objects.select_related("parent").get(pk=channel.pk))
    return shows_more_people(*rows)


@pytest.mark.parametrize(
    ("archive", "of_game", "more"),
    [
        ({}, {}, False),
        ({}, {EVERYONE: DENY}, True),
        ({EVERYONE: DENY, OFFICER: ALLOW}, {}, False),
        ({EVERYONE: DENY, OFFICER: ALLOW}, {EVERYONE: DENY, OFFICER: ALLOW}, False),
        # An officer who is a traitor too sees the archive, and not the game's channel.
        ({EVERYONE: DENY, OFFICER: ALLOW}, {TRAITOR: DENY}, True),
        ({EVERYONE: DENY, OFFICER: ALLOW, TRAITOR: DENY}, {TRAITOR: DENY}, True),
        ({EVERYONE: DENY, OFFICER: ALLOW}, {OFFICER: ALLOW, TRAITOR: DENY}, False),
    ],
)
def test_by_roles(
    world: World, roles: None, archive: dict[int, tuple[int, int]], of_game: dict[int, tuple[int, int]], more: bool
) -> None:
    assert shows_more(world, archive, of_game) is more


@pytest.mark.parametrize("person", [fixtures.BOB_ID, UNKNOWN])
def test_by_a_persons_own_overwrite(world: World, roles: None, person: int) -> None:
    """A surprise for Bob: he alone is denied the channel of the game, and would read it in the archive."""
    assert shows_more(world, {}, {person: DENY})
    assert not shows_more(world, {person: DENY}, {person: DENY})
    assert not shows_more(world, {person: DENY}, {})
    assert shows_more(world, {person: ALLOW, EVERYONE: DENY}, {EVERYONE: DENY})
    assert not shows_more(world, {person: ALLOW, EVERYONE: DENY}, {person: ALLOW, EVERYONE: DENY})
    assert not shows_more(world, {person: ALLOW, EVERYONE: DENY}, {})


def test_a_known_person_has_the_roles_they_have(world: World, roles: None) -> None:
    charlie, bob = world.charlie.pk, world.bob.pk
    officers = {EVERYONE: DENY, OFFICER: ALLOW}
    # Charlie is an officer, whom one's own overwrite denies what the role is allowed; Bob is none.
    assert shows_more(world, officers, officers | {charlie: DENY})
    assert not shows_more(world, officers, officers | {bob: DENY})
    assert not shows_more(world, {}, {world.alice.pk: DENY}), "the owner sees every channel"
    assert not shows_more(world, {EVERYONE: DENY, charlie: ALLOW}, officers)
    assert shows_more(world, {EVERYONE: DENY, bob: ALLOW}, officers)
