"""Every URL for every kind of person, in the own guild and in another; a URL missing here fails."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import ERROR, get_messages
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import ApiToken, Game, GameImport, Webhook, WebhookRequest
from games.signups import actions as signups
from games.tests.cast import (
    EVERYBODY,
    HOSTS,
    MEMBERS,
    Cast,
    cast,
    client_of,
    db,
    module_cast,
    module_world,
    only_outcomes,
    world,
)
from guilds.directory.payloads import MemberPayload, UserPayload

__all__ = ["cast", "db", "module_cast", "module_world", "only_outcomes", "world"]  # the fixtures

pytestmark = pytest.mark.slow

Verdict = Callable[[str], str]


def only(these: set[str], others: str = "403") -> Verdict:
    """Return `ok` for these, `others` for other members, not found for strangers, and login for anonymous users."""

    def verdict(who: str) -> str:
        if who == "anonymous":
            return "login"
        if who not in MEMBERS:
            return "404"
        return "ok" if who in these else others

    return verdict


def anybody(who: str) -> str:
    return "ok"


def nobody(who: str) -> str:
    return "404"


def logged_in(who: str) -> str:
    return "login" if who == "anonymous" else "ok"


MANAGING = ("get", "guild", only({"manager", "owner"}))
# By name: how it is asked, and what becomes of it. A refusal of a button comes back as a sentence on the page.
ROUTES: dict[str, tuple[str, str, Verdict]] = {
    "home": ("get", "", anybody),
    "help": ("get", "", anybody),
    "styleguide": ("get", "", nobody),
    **dict.fromkeys(("manifest", "service-worker", "offline"), ("get", "", anybody)),
    "script-words": ("get", "language", anybody),
    "search": ("get", "", logged_in),
    "login": ("get", "", anybody),
    "me": ("get", "", logged_in),
    "send-again": ("get", "", logged_in),
    "notifications": ("get", "", logged_in),
    "calendar": ("get", "", logged_in),
    **dict.fromkeys(("calendar-new", "calendar-delete"), ("post", "", logged_in)),
    "tokens": ("get", "", logged_in),
    "token-delete": ("post", "token", lambda who: {"anonymous": "login", "player": "ok"}.get(who, "404")),
    "guild-tokens": MANAGING,
    "guild-token-delete": ("post", "guild token", only({"manager", "owner"})),
    **dict.fromkeys(("guild-webhooks", "guild-embed"), MANAGING),
    "guild-webhook": ("get", "webhook", only({"manager", "owner"})),
    **dict.fromkeys(
        tuple(f"guild-webhook-{what}" for what in ("secret", "test", "pause", "resume", "delete")),
        ("post", "webhook", only({"manager", "owner"})),
    ),
    "guild-webhook-again": ("post", "webhook request", only({"manager", "owner"})),
    # No site may show the matrix's guild; what they show otherwise, test_embeds says.
    **dict.fromkeys(("embed", "embed-json"), ("get", "guild", nobody)),
    # Whose address it is reads it, whoever fetches: test_feed says what.
    "calendar-feed": ("get", "wrong token", nobody),
    # Whoever has an address sees the picture: test_pictures says so.
    **dict.fromkeys(("picture", "picture-small"), ("get", "no picture", nobody)),
    "picture-drawn": ("get", "no drawing", nobody),
    # Members come to the game, others are asked to log in; what its guild may allow strangers, test_shared_games says.
    "shared-game": ("get", "share link", anybody),
    "shared-card": ("get", "card", anybody),
    "shared-calendar": ("get", "share link", nobody),
    "game-new-link": ("post", "game", only(HOSTS, "refused")),
    "privacy": ("get", "", anybody),
    "privacy-download": ("get", "", logged_in),
    "privacy-forget": ("get", "", logged_in),
    "guild-notifications": ("get", "guild", only(MEMBERS)),
    "notification-test": ("post", "guild", only(MEMBERS)),
    # It names no device; what of others' is refused, test_devices says.
    "notification-device-add": ("post", "guild", only(set(), "refused")),
    "notification-device-remove": ("post", "guild", only(set(), "404")),
    "guild": ("get", "guild", only(MEMBERS)),
    "guild-month": ("get", "guild", only(MEMBERS)),
    # The matrix's guild has no colour; whom it is for otherwise, test_tint says.
    "guild-tint": ("get", "guild", only(set(), "404")),
    "month": ("get", "", logged_in),
    "game": ("get", "game", only(MEMBERS)),
    "game-history": ("get", "game", only(HOSTS)),
    "game-calendar": ("get", "game", only(MEMBERS)),
    "game-new": ("get", "guild", only(HOSTS)),
    "game-edit": ("get", "game", only(HOSTS)),
    "game-repeat": ("get", "game", only(HOSTS)),
    # It is in no series; whom it is for otherwise, test_pages of games/series says.
    "game-edit-later": ("get", "game", lambda who: "refused" if who in HOSTS else only(set())(who)),
    # It does not repeat; whom each is for otherwise, test_series says.
    **dict.fromkeys(
        ("game-skip", "game-unskip", "game-pause", "game-resume", "game-correct-series", "game-end-series"),
        ("post", "game", lambda who: "refused" if who in HOSTS else only(set())(who)),
    ),
    "game-join": ("post", "game", only({"player", "host", "co-host"}, "refused")),
    "card-join": ("post", "game", only({"player", "host", "co-host"}, "refused")),
    "game-leave": ("post", "game", only(MEMBERS)),
    # The matrix's game takes none of these; whom each is for, test_answers says.
    "game-answer": ("post", "game", only(set(), "400")),
    "game-note": ("post", "game", only(set(), "refused")),
    "game-bring": ("post", "game", only(set(), "refused")),
    "game-unbring": ("post", "game", only(MEMBERS)),
    "game-offer": ("post", "game", only(set(), "refused")),
    "game-overlap": ("post", "game", only(set(), "refused")),
    "game-wait": ("post", "game", only({"player", "host", "co-host"}, "refused")),
    "game-cancel": ("post", "game", only(HOSTS, "refused")),
    "game-end": ("post", "game", only(set(), "refused")),  # it has not begun
    "game-remove": ("post", "signup", only(HOSTS, "refused")),
    **dict.fromkeys(("game-seat", "game-bench", "game-up", "game-down"), ("post", "signup", only(HOSTS, "refused"))),
    "game-place": ("post", "signup", only(set(), "400")),  # test_manual_seating says whom it is for
    "game-add": ("get", "game", only(HOSTS)),
    **dict.fromkeys(("game-close", "game-reopen"), ("post", "game", only(HOSTS, "refused"))),
    "game-keep": ("post", "game", only(HOSTS, "refused")),
    # Its host is there; whom it is for otherwise, test_take_over says.
    "game-take-over": ("post", "game", only(set(), "refused")),
    # Nobody is asked to run it; whom it is for otherwise, test_handing_over says.
    "game-hand-over": ("post", "game", only(set(), "refused")),
    "members": ("get", "guild", only(HOSTS)),
    "line-reading": ("get", "guild", only(HOSTS)),
    "preview-new": ("post", "guild", only(HOSTS)),
    "preview-edited": ("post", "game", only(HOSTS)),
    **dict.fromkeys(("guild-settings", "guild-setup", "guild-channels", "guild-templates", "template-new"), MANAGING),
    **dict.fromkeys(("guild-history", "guild-people", "guild-health"), MANAGING),
    "guild-channel": ("get", "channel", only({"manager", "owner"})),
    "channel-test": ("post", "channel", only({"manager", "owner"})),
    "template": ("get", "template", only({"manager", "owner"})),
    "template-delete": ("get", "template", only({"manager", "owner"})),
    **dict.fromkeys(
        ("template-up", "template-down", "template-default", "template-duplicate"),
        ("post", "template", only({"manager", "owner"})),
    ),
    "game-hosts": ("get", "game", only({"host", "manager", "owner"})),
    "guild-blocks": ("get", "guild", only({"manager", "owner"})),
    "guild-note": ("post", "block", only({"manager", "owner"})),
    "guild-unblock": ("post", "block", only({"manager", "owner"})),
    "game-announce-now": ("post", "game", only(set(), "refused")),
    "game-undo": ("post", "game", only(set(), "refused")),
    "game-announce": ("post", "game", only(HOSTS, "refused")),
    "game-companion": ("post", "companion", only(set(), "refused")),
    "game-tell": ("get", "game", only(HOSTS)),
    "game-confirm": ("post", "game", only(set(), "refused")),
    "game-again": ("get", "game", only(HOSTS)),
    "guild-imports": MANAGING,
    "guild-import": ("get", "import", only({"manager", "owner"})),
    "guild-import-undo": ("post", "import", only({"manager", "owner"})),
    "guild-archive": MANAGING,
    **dict.fromkeys(("game-signups-csv", "game-signups-json"), ("get", "game", only(HOSTS))),
    "game-template": ("post", "game", only(set(), "refused")),
    "game-resend": ("post", "delivery", only(HOSTS, "refused")),
    "guild-messages": MANAGING,
    "guild-attendance": MANAGING,
    "game-attendance": ("post", "signup", only(set(), "refused")),  # it has not begun
    "game-archive": ("post", "game", only(set(), "refused")),
    "game-rewards": ("get", "game", only(HOSTS)),
    "guild-resend": ("post", "guild delivery", only({"manager", "owner"})),
    "poll-new": ("get", "guild", only(HOSTS)),
    "poll": ("get", "poll", only(MEMBERS)),
    "poll-vote": ("post", "poll", only(MEMBERS - {"blocked"}, "refused")),
    **dict.fromkeys(("poll-game", "poll-cancel"), ("post", "poll", only({"host", "manager", "owner"}, "refused"))),
}
# What others wrote and test: logging in, and the admin, which test_admin_scope walks.
ELSEWHERE_TESTED = {"account", "socialaccount", "discord", "admin"}


# What the others may do at home, one of these may too; elsewhere all of them are what a stranger is at home. Nobody
# reads what an address is of before they log in.
ASKED_ELSEWHERE = {"host", "manager", "owner", "superuser"}


def url_names(patterns: list[Any], below: str = "") -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = pattern.namespace or below
            names |= url_names(pattern.url_patterns, namespace)
        elif isinstance(pattern, URLPattern) and pattern.name:
            names.add(f"{below}:{pattern.name}" if below else pattern.name)
    return names


def test_no_url_is_missing() -> None:
    ours = {
        name
        for name in url_names(get_resolver().url_patterns)
        if name.replace(":", "_").split("_")[0] not in ELSEWHERE_TESTED
    }
    assert ours == ROUTES.keys()


def outcome(client: Any, method: str, url: str) -> str:
    response = getattr(client, method)(url)
    if response.status_code == 302:
        if "/login/" in response.url:
            return "login"
        levels = [message.level for message in get_messages(response.wsgi_request)]
        return "refused" if ERROR in levels else "ok"
    return "ok" if response.status_code in {200, 201, 422} else str(response.status_code)


def _token(cast: Cast, guild_id: Any) -> ApiToken:
    """Return a token of the player's, for one guild or for all."""
    return ApiToken.objects.get_or_create(
        user=cast.people["player"], guild_id=guild_id, digest=str(guild_id),
        defaults={"name": "bot", "scopes": ["read"], "created_at": cast.game.created_at},
    )[0]  # fmt: skip


def _webhook_request(cast: Cast, guild_id: int) -> WebhookRequest:
    """Return a request of a guild's webhook."""
    at = cast.game.created_at
    webhook, _ = Webhook.objects.get_or_create(
        guild_id=guild_id, defaults={"url": "https://example.com/", "secret": "s", "events": [], "created_at": at}
    )
    return WebhookRequest.objects.get_or_create(
        webhook=webhook, defaults={"event": "test", "body": "{}", "created_at": at, "next_attempt_at": at}
    )[0]


def _import(cast: Cast, guild_id: Any) -> GameImport:
    """Return a file that waits in a guild."""
    text = f"Dune\n{cast.game.starts_at:%Y-%m-%d %H:%M}".encode()
    return GameImport.objects.get_or_create(
        guild_id=guild_id, defaults={"source": "text", "file": text, "created_at": cast.game.created_at}
    )[0]  # fmt: skip


def url_of(cast: Cast, route: str, game: Game) -> str:
    """Return a route's address for a game, or for its guild, channel or poll."""
    ids: dict[str, Callable[[], list[Any]]] = {
        "": lambda: [],
        "language": lambda: ["en", "0" * 12],
        "wrong token": lambda: ["A" * 32],
        "no picture": lambda: [f"{'0' * 64}-64x48"],
        "no drawing": lambda: [game.pk, "0" * 64],
        "share link": lambda: [game.pk, game.share_token],
        "card": lambda: [game.pk, game.share_token, "0" * 32],
        "guild": lambda: [game.guild_id],
        "token": lambda: [_token(cast, None).pk],
        "guild token": lambda: [game.guild_id, _token(cast, game.guild_id).pk],
        "webhook": lambda: [game.guild_id, _webhook_request(cast, game.guild_id).webhook_id],
        "webhook request": lambda: [game.guild_id, (sent := _webhook_request(cast, game.guild_id)).webhook_id, sent.pk],
        "import": lambda: [game.guild_id, _import(cast, game.guild_id).pk],
        "game": lambda: [game.pk],
        "companion": lambda: [game.pk, "server_event"],
        "block": lambda: [game.guild_id, cast.people["blocked"].pk],
        "signup": lambda: [game.pk, cast.signup.pk],
        "channel": lambda: [game.guild_id, game.channel_id],
        "template": lambda: [game.guild_id, cast.template.pk],
        "delivery": lambda: [game.pk, cast.delivery.pk],
        "guild delivery": lambda: [game.guild_id, cast.delivery.pk],
        "poll": lambda: [cast.polls[game.guild_id].pk],
    }
    return reverse(route, args=ids[ROUTES[route][1]]())


@pytest.mark.usefixtures("only_outcomes")
@pytest.mark.parametrize("route", ROUTES)
def test_access_to_a_url(cast: Cast, route: str) -> None:
    method, of, verdict = ROUTES[route]

    of_no_guild = of in {"", "language", "wrong token", "no picture", "no drawing", "share link", "card", "token"}
    expected, actual = {}, {}
    for who in EVERYBODY:
        games, expected[who] = [cast.game], [verdict(who)]
        if who in ASKED_ELSEWHERE and not of_no_guild:
            games.append(cast.foreign)
            expected[who].append("404")
        # Undone for the next person, who is to find the game as it was.
        with transaction.atomic():
            client = client_of(cast, who)
            actual[who] = [outcome(client, method, url_of(cast, route, game)) for game in games]
            transaction.set_rollback(True)
    assert actual == expected, "in the own guild; and in another, which does not exist for them"


@pytest.mark.parametrize("who", [who for who in EVERYBODY if who not in {"anonymous", "superuser"}])
def test_a_button(cast: Cast, world: World, who: str) -> None:
    from discord_bot.interactions.signup_buttons import Click, run_signup_action
    from discord_bot.models import Outcome
    from guilds.models import Member

    user = cast.people[who]
    known = Member.objects.filter(user=user, left_at=None).first()
    # Discord lets only members click, and tells their roles; somebody forging a click has neither.
    member = MemberPayload(UserPayload(user.pk, user.handle), role_ids=tuple(known.role_ids)) if known else None
    joined = run_signup_action(Click(cast.game.pk, "join", world.guild.pk, member))
    may = who in {"player", "host", "co-host"}
    assert (joined.outcome is Outcome.DONE) is may, joined.text
    foreign = run_signup_action(Click(cast.foreign.pk, "join", world.guild.pk, member))
    assert foreign.outcome is Outcome.REFUSED
    assert not cast.foreign.signups.exists()


@pytest.mark.parametrize("who", [who for who in EVERYBODY if who not in {"anonymous", "superuser"}])
def test_what_is_under_a_poll(cast: Cast, world: World, who: str) -> None:
    from discord_bot.interactions.polls import run_poll_action
    from discord_bot.models import Outcome
    from guilds.models import Member

    user, guild_id = cast.people[who], world.guild.pk
    known = Member.objects.filter(user=user, left_at=None).first()
    member = MemberPayload(UserPayload(user.pk, user.handle), role_ids=tuple(known.role_ids)) if known else None
    own, foreign = cast.polls[guild_id], cast.polls[cast.foreign.guild_id]
    ticked = run_poll_action(own.pk, [own.options.all()[1].pk], guild_id, member)
    assert (ticked.outcome is Outcome.DONE) is (who in MEMBERS - {"blocked"}), ticked.text
    made = run_poll_action(own.pk, None, guild_id, member)
    assert (made.outcome is Outcome.DONE) is (who in {"host", "manager", "owner"}), made.text
    for values in ([foreign.options.all()[1].pk], None):
        assert run_poll_action(foreign.pk, values, guild_id, member).outcome is Outcome.REFUSED
        assert run_poll_action(foreign.pk, values, foreign.guild_id, None).outcome is Outcome.REFUSED
    foreign.refresh_from_db()
    assert (foreign.game, foreign.post_version) == (None, 1)


@pytest.mark.parametrize("who", [who for who in EVERYBODY if who not in {"anonymous"}])
def test_pages_offer_what_actions_allow(cast: Cast, world: World, who: str) -> None:
    response = client_of(cast, who).get(cast.game.get_absolute_url())
    if who not in MEMBERS:
        assert response.status_code == 404
        return
    assert ("Edit" in response.text) is (who in HOSTS)
    later = world.now + timedelta(minutes=1)
    actor = Actor(cast.people[who], EntryPoint.PAGE)
    assert actor.viewer_of(cast.game).may_manage(cast.game) is (who in HOSTS)
    if who in {"player", "host", "co-host"}:
        assert signups.join(cast.game.pk, cast.people[who], actor, later).changed


@pytest.mark.parametrize("who", [who for who in EVERYBODY if who != "anonymous"])
def test_a_socket(cast: Cast, who: str) -> None:
    from games.pages.live_access import Access, access_to_page

    for game, is_notified in ((cast.game, who in MEMBERS), (cast.foreign, False)):
        for kind, pk in (("game", game.pk), ("guild", game.guild_id)):
            assert isinstance(access_to_page(cast.people[who], kind, pk), Access) is is_notified


@pytest.mark.parametrize("who", [who for who in EVERYBODY if who not in {"anonymous", "superuser"}])
def test_a_slash_command(cast: Cast, world: World, who: str) -> None:
    from discord_bot.interactions.game_list import PageRequest, load_page
    from games.pages.game_list import GameList
    from guilds.models import Member

    user = cast.people[who]
    known = Member.objects.filter(user=user, left_at=None).first()
    member = MemberPayload(UserPayload(user.pk, user.handle), role_ids=tuple(known.role_ids)) if known else None
    loaded = load_page(PageRequest("list", world.guild.pk, member))
    assert isinstance(loaded, GameList) is (who in MEMBERS)
    if isinstance(loaded, GameList):
        assert [line.id for line in loaded.rows] == [cast.game.pk], "and no other guild's"


@pytest.mark.parametrize("who", [who for who in EVERYBODY if who != "anonymous"])
def test_a_management_command_has_the_persons_permissions(cast: Cast, who: str) -> None:
    from django.core.management import CommandError, call_command

    person = str(cast.people[who].pk)
    for game in (cast.game, cast.foreign):
        may = who in HOSTS and game is cast.game
        try:
            call_command("game", "cancel", str(game.pk), "--as", person, "--dry-run")
            done = True
        except CommandError:
            done = False
        assert done is may
