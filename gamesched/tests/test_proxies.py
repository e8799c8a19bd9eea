"""The proxies of docs/deployment.md, as it configures them: the real nginx and Caddy before the real web program."""

import asyncio
import contextlib
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from yarl import URL

from conftest import World
from games.pictures.middleware import PICTURES_MEGABYTES_MAX
from gamesched.demo.postgres import REPOSITORY
from gamesched.local_discord.state.entities import bot_token
from gamesched.testing.sessions import session_of
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.login.models import PasswordTries
from guilds.login.password_limit import _key_of_address

SNIPPETS = re.findall(r"^```\w*\n(.*?)^```$", (REPOSITORY / "docs/deployment.md").read_text(), re.MULTILINE | re.DOTALL)
BODY_MEGABYTES_MAX = 40
ASKING, CLAIMED = "127.0.0.2", "203.0.113.9"  # the client's address, and the one that it claims to forward for
NGINX = """
user root;
daemon off;
pid {folder}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {snippet}
}}
"""
CADDY = """
{{
    admin off
    auto_https disable_redirects
    storage file_system {folder}
}}
{snippet}
"""


class HttpsSite(Stack):
    """The web program of an https site, which takes no local Discord, and a port for the proxy in front of it."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            self.front = unused.getsockname()[1]
        super().__init__("web")
        self.url = f"https://localhost:{self.front}"

    @property
    def variables(self) -> dict[str, str]:
        mine = {
            "TRUSTED_PROXIES": "127.0.0.1",
            "SECRET_KEY": settings.SECRET_KEY,
            "DISCORD_CLIENT_SECRET": "x0" * 16,
            "DISCORD_BOT_TOKEN": f"{bot_token().split('.')[0]}.x0x0x0.{'x0' * 14}",  # of the same application
        }
        return {name: value for name, value in {**super().variables, **mine}.items() if name != "DISCORD_API_URL"}

    def wait(self, name: str) -> None:
        eventually(lambda: self.running[name].poll() is not None or self._answers())
        assert self.running[name].poll() is None

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).ok
        except requests.RequestException:
            return False


class Proxy:
    """A real proxy with the configuration that the docs give, at this site's addresses."""

    def __init__(self, name: str, site: HttpsSite, folder: Path) -> None:
        self.name, self.folder, self.front = name, folder, site.front
        self.certificate, key = folder / "games.pem", folder / "games.key"
        make_certificate(self.certificate, key)
        [snippet] = (
            text for text in SNIPPETS if text.startswith({"nginx": "map ", "caddy": "games.example.org"}[name])
        )
        for ours, theirs in {
            "listen 443": f"listen 127.0.0.1:{site.front}",
            "games.example.org {": f"games.example.org:{site.front} {{\n tls {self.certificate} {key}",
            "games.example.org": "localhost",
            "127.0.0.1:8000": f"127.0.0.1:{site.port}",
            "/etc/ssl/games": f"{folder}/games",
            "/var/log/nginx": str(folder),
        }.items():
            snippet = snippet.replace(ours, theirs)
        self.snippet = snippet

    @contextlib.contextmanager
    def running(self, snippet: str) -> Iterator[None]:
        """Run it until the end of the block."""
        path = self.folder / "configuration"
        path.write_text({"nginx": NGINX, "caddy": CADDY}[self.name].format(folder=self.folder, snippet=snippet))
        words = {"nginx": ["-e", "stderr", "-c"], "caddy": ["run", "--adapter", "caddyfile", "--config"]}[self.name]
        log = (self.folder / "log").open("w")
        program = subprocess.Popen([self.name, *words, path], stdout=log, stderr=log, cwd=self.folder)
        try:
            eventually(lambda: program.poll() is not None or self._listens())
            assert program.poll() is None, (self.folder / "log").read_text()
            yield
        finally:
            program.terminate()
            program.wait()
            log.close()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.front)) == 0


def make_certificate(certificate: Path, key_file: Path) -> None:
    """Write a certificate for localhost, by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))


async def walk(site: HttpsSite, proxy: Proxy, game: int, session: str) -> None:
    """Ask for what depends on a proxy."""
    trusted = ssl.create_default_context(cafile=str(proxy.certificate))
    connector = aiohttp.TCPConnector(ssl=trusted, local_addr=(ASKING, 0))
    headers = {"X-Forwarded-For": CLAIMED, "X-Forwarded-Proto": "http", "Referer": f"{site.url}/"}
    async with aiohttp.ClientSession(site.url, connector=connector, headers=headers) as client:
        async with client.get("/login/", allow_redirects=False) as page:
            assert page.status == 200, "neither redirected nor told of a missing header"
            cookie = page.cookies["csrftoken"]
        assert cookie["secure"], "the scheme is what people type"
        token = {"csrfmiddlewaretoken": cookie.value}

        async with client.post("/accounts/discord/login/", data=token, allow_redirects=False) as to_discord:
            assert to_discord.status == 302
            address = urlsplit(to_discord.headers["Location"])
        assert address.netloc == "discord.com"
        assert parse_qs(address.query)["redirect_uri"] == [f"{site.url}/accounts/discord/login/callback/"]

        async with client.post("/admin/login/", data={**token, "username": "nobody", "password": "no"}) as refused:
            assert refused.status == 200, "its address is counted"

        client.cookie_jar.update_cookies({settings.SESSION_COOKIE_NAME: session}, URL(site.url))
        async with client.ws_connect(f"/live/?game={game}", origin=site.url) as live:
            # The version that the page should have; or that it should look, if the site heard nothing until now.
            assert (await live.receive_json(timeout=30)).keys() & {"now", "look"}

        async with client.get("/calendars/secret.ics") as calendar:
            assert calendar.status == 404

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(BODY_MEGABYTES_MAX + 2):
                yield b"a" * 2**20

        # In pieces, so that nothing says before how much comes. Who refuses may also hang up while it is still sent.
        with contextlib.suppress(aiohttp.ClientError):
            async with client.post("/help/", data=endless()) as refused:
                assert refused.status == 413


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_log_in_live_pages_and_addresses_pass_the_documented_proxy(
    committed_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed.")
    # Programs refuse the tests' own where no local Discord is.
    monkeypatch.setattr(settings, "SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz" * 2 + "!")
    game, session = committed_world.create_game().pk, session_of(committed_world.bob)
    site = HttpsSite()
    with site:
        proxy = Proxy(name, site, tmp_path)
        with proxy.running(proxy.snippet):
            asyncio.run(walk(site, proxy, game, session))
        assert PasswordTries.objects.filter(key=_key_of_address(ASKING)).exists()
        logged = "".join(path.read_text() for path in (tmp_path / "games.log", tmp_path / "log") if path.exists())
        assert "secret.ics" not in logged
        if name == "nginx":
            assert "/login/" in logged
            with proxy.running(re.sub("proxy_set_header .*", "", proxy.snippet)), requests.Session() as browser:
                trusted = str(proxy.certificate)
                answers = [browser.get(f"{site.url}{path}", verify=trusted) for path in ("/help/", "/live/?game=1")]
                assert [(answer.status_code, "pass on" in answer.text) for answer in answers] == [
                    (421, True), (426, True),
                ]  # fmt: skip


def test_proxies_let_through_what_a_form_may_send() -> None:
    limits = [
        int(found) for text in SNIPPETS for found in re.findall(r"(?:client_max_body_size|max_size) (\d+)M?m?", text)
    ]
    assert limits == [BODY_MEGABYTES_MAX] * 2
    assert BODY_MEGABYTES_MAX >= PICTURES_MEGABYTES_MAX
