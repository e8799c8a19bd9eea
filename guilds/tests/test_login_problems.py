"""Whatever Discord answers, or does not, during a log-in: a page with the right reason, never a 500."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from gamesched.lib.user_agent import USER_AGENT
from guilds.login.problems import TEXTS, LoginProblem
from guilds.models import User

pytestmark = pytest.mark.django_db
TOKEN, PERSON, GUILDS = "/oauth2/token", "/users/@me", "/users/@me/guilds"
GOOD: dict[str, Any] = {
    TOKEN: {"access_token": "abc", "token_type": "Bearer", "expires_in": 604800},
    PERSON: {"id": "42", "username": "ann", "global_name": None, "avatar": None, "locale": "de", "mfa_enabled": True},
    GUILDS: [{"id": "7", "name": "Friday Night Dice"}],
}
NO_IDS: list[Any] = [None, 42, "", "x", "-1", "1.5", "9" * 19, "٤٢", []]
NO_TOKENS: list[Any] = [None, "", 7, "a b", "a\nb", "ü", ["x"]]
NO_NAMES: list[Any] = [None, "", 7, "x" * 65, "a\0b", "\ud800"]
NO_GLOBAL_NAMES: list[Any] = [7, ["x"], "\udfff", "x" * 65]
NO_GUILDS: list[Any] = [[None], [{}], [{"id": None}], [{"id": "7"}, {"id": "x"}], {"id": "7"}, "null"]
HTML = "<!DOCTYPE html><title>Discord</title>"
# Status and body by path, in place of the good one.
Answers = dict[str, tuple[int, Any]]


class BrokenDiscord:
    """Answers as told, in JSON or with a string as HTML."""

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.agents: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.agents.add(self.headers["User-Agent"])
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body = outer.answers.get(self.path, (200, GOOD[self.path]))
                if status == 0:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def server() -> Iterator[BrokenDiscord]:
    broken = BrokenDiscord()
    yield broken
    broken.server.shutdown()
    broken.server.server_close()


@pytest.fixture
def discord(server: BrokenDiscord, settings: Any) -> BrokenDiscord:
    server.answers = {}
    settings.DISCORD_API_URL = server.url
    return server


def come_back(client: Client, query: str = "code=xyz") -> Any:
    """Begin to log in, and return from Discord with this query."""
    state = client.post("/accounts/discord/login/")["Location"].partition("state=")[2].partition("&")[0]
    return client.get(f"/accounts/discord/login/callback/?state={state}&{query}")


def problem_on(page: Any) -> LoginProblem:
    """Return the problem that a page tells, and check that it tells it in words."""
    problem = LoginProblem(page.text.partition('data-problem="')[2].partition('"')[0])
    for sentence in TEXTS[problem]:
        assert sentence.replace("'", "&#x27;") in page.text
    return problem


def test_a_good_answer_logs_in_and_only_what_we_need_is_kept(discord: BrokenDiscord, client: Client) -> None:
    assert come_back(client).status_code == 302
    ann = User.objects.get(pk=42)
    assert (ann.handle, ann.global_name, client.session["_auth_user_id"]) == ("ann", "", "42")
    (account,) = ann.socialaccount_set.all()  # type: ignore[attr-defined]
    assert account.extra_data == {"id": "42", "username": "ann", "global_name": "", "avatar": ""}
    assert discord.agents == {USER_AGENT}
    assert USER_AGENT.startswith("DiscordBot (http://testserver, ")


@pytest.mark.parametrize("where", [TOKEN, PERSON, GUILDS])
@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (500, {"message": "500: Internal Server Error", "code": 0}, LoginProblem.OUTAGE),
        (502, HTML, LoginProblem.OUTAGE),
        (521, "error code: 521", LoginProblem.OUTAGE),
        (429, {"message": "You are being rate limited.", "retry_after": 3.5, "global": False}, LoginProblem.LIMITED),
        (429, "<h1>error code: 1015</h1>", LoginProblem.LIMITED),
        (403, "error code: 1010", LoginProblem.BLOCKED),
        (403, HTML, LoginProblem.BLOCKED),
        (404, HTML, LoginProblem.UNREADABLE),
        (200, HTML, LoginProblem.UNREADABLE),
        (200, "", LoginProblem.UNREADABLE),
        (204, "", LoginProblem.UNREADABLE),
        (200, '{"access_token": "abc"', LoginProblem.UNREADABLE),
        (200, "[" * 100_000, LoginProblem.UNREADABLE),
        (200, None, LoginProblem.UNREADABLE),
        (200, "null", LoginProblem.UNREADABLE),
        (200, 7, LoginProblem.UNREADABLE),
        (200, [7, None], LoginProblem.UNREADABLE),
        (200, {}, LoginProblem.UNREADABLE),
        (301, "", LoginProblem.UNREADABLE),
        (401, {"message": "401: Unauthorized", "code": 0}, LoginProblem.REFUSED),
        (400, {"error": ["invalid_client"]}, LoginProblem.REFUSED),
        (0, "", LoginProblem.UNREACHABLE),
    ],
)
def test_what_discord_answers_is_told_as_what_it_is(
    discord: BrokenDiscord, client: Client, where: str, status: int, body: Any, problem: LoginProblem
) -> None:
    discord.answers[where] = (status, body)
    page = come_back(client)
    assert page.status_code == 503
    assert problem_on(page) is problem
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("where", "body"),
    [
        *((PERSON, GOOD[PERSON] | {"id": wrong}) for wrong in NO_IDS),
        *((PERSON, GOOD[PERSON] | {"username": wrong}) for wrong in NO_NAMES),
        *((PERSON, GOOD[PERSON] | {"global_name": wrong}) for wrong in NO_GLOBAL_NAMES),
        (PERSON, {"username": "ann"}),
        (PERSON, {"id": "42"}),
        *((GUILDS, wrong) for wrong in NO_GUILDS),
        *((TOKEN, {"access_token": wrong}) for wrong in NO_TOKENS),
    ],
)
def test_a_person_who_is_none(discord: BrokenDiscord, client: Client, where: str, body: Any) -> None:
    discord.answers[where] = (200, body)
    page = come_back(client)
    assert (page.status_code, problem_on(page)) == (503, LoginProblem.UNREADABLE)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [
        (401, "invalid_client", LoginProblem.SECRET_REFUSED),
        (400, "invalid_client", LoginProblem.SECRET_REFUSED),
        (400, "invalid_grant", LoginProblem.CODE_REFUSED),
        (400, "invalid_request", LoginProblem.MISCONFIGURED),
        (400, "unsupported_grant_type", LoginProblem.MISCONFIGURED),
        (400, "something_new", LoginProblem.REFUSED),
    ],
)
def test_only_a_wrong_secret_is_told_as_one(
    discord: BrokenDiscord, client: Client, status: int, error: str, problem: LoginProblem
) -> None:
    discord.answers[TOKEN] = (status, {"error": error})
    page = come_back(client)
    assert (page.status_code, problem_on(page)) == (503, problem)
    assert ("DISCORD_CLIENT_SECRET" in page.text) == (problem is LoginProblem.SECRET_REFUSED)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("error=access_denied&error_description=no", LoginProblem.CANCELLED),
        ("error=server_error", LoginProblem.OUTAGE),
        ("error=temporarily_unavailable", LoginProblem.OUTAGE),
        ("error=invalid_scope", LoginProblem.MISCONFIGURED),
        ("error=unauthorized_client", LoginProblem.MISCONFIGURED),
        ("error=something_new", LoginProblem.REFUSED),
        ("error=", LoginProblem.REFUSED),
        ("error=server_error&code=xyz", LoginProblem.OUTAGE),
        ("", LoginProblem.EXPIRED),
    ],
)
def test_what_discord_sends_people_back_with(
    discord: BrokenDiscord, client: Client, query: str, problem: LoginProblem
) -> None:
    page = come_back(client, query)
    assert problem_on(page) is problem
    again = client.get(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"])
    assert problem_on(again) is problem, "reloading the page tells the same"


def test_nothing_listens_and_nothing_answers(settings: Any, client: Client) -> None:
    settings.DISCORD_API_URL = "http://127.0.0.1:9"
    assert problem_on(come_back(client)) is LoginProblem.UNREACHABLE
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.DISCORD_API_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert problem_on(come_back(client)) is LoginProblem.UNREACHABLE
    settings.DISCORD_API_URL = "http://no-such-host.invalid"
    assert problem_on(come_back(client)) is LoginProblem.UNREACHABLE
