"""What goes to push services, by the RFCs' own examples and by the push service of the tests, which reads it."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesched.lib import web_push
from gamesched.lib.addresses import is_public_host
from gamesched.lib.vapid import decode, encode, private_number
from gamesched.testing.push_service import Browser

# https://www.rfc-editor.org/rfc/rfc8291#section-5
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
    "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc() -> None:
    body = web_push.encrypt(
        b"When I grow up, I want to be a watermelon",
        BROWSER,
        SECRET,
        sender=web_push.read_private_key(SENDER),
        salt=decode(SALT),
    )
    assert encode(body) == BODY


@given(st.binary(max_size=web_push.PLAINTEXT_MAX))
@settings(max_examples=20)
def test_the_browser_alone_reads_it(plaintext: bytes) -> None:
    browser = Browser("https://push.example.org/1", "")
    keys = browser.form["p256dh"], browser.form["auth"]
    body = web_push.encrypt(plaintext, *keys)
    assert browser.decrypt(body) == plaintext
    assert web_push.encrypt(plaintext, *keys) != body, "each has its own key and salt"


def test_what_no_browser_can_read_is_refused() -> None:
    keys = Browser("https://push.example.org/1", "").form
    with pytest.raises(ValueError):
        web_push.encrypt(b"x" * (web_push.PLAINTEXT_MAX + 1), keys["p256dh"], keys["auth"])
    for p256dh, auth in (("", keys["auth"]), (keys["auth"], keys["auth"]), (keys["p256dh"], "AAAA"), ("é", "é")):
        with pytest.raises(ValueError):
            web_push.read_browser_keys(p256dh, auth)


def test_who_sends_is_signed_for_one_push_service_and_half_a_day() -> None:
    key, now = web_push.read_private_key(SENDER), datetime.now(UTC)
    header = web_push.authorization("https://push.example.org:8443/x/y?z", key, "https://games.example.org", now)
    token, public = (part.split("=", 1)[1] for part in header.removeprefix("vapid ").split(", "))
    assert public == web_push.public_text(key)
    origin = "https://push.example.org:8443"
    claims = jwt.decode(token, key.public_key(), algorithms=["ES256"], audience=origin)
    assert claims == {
        "aud": origin,
        "exp": int((now + timedelta(hours=12)).timestamp()),
        "sub": "https://games.example.org",
    }


def test_the_command_prints_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("vapid")
    name, _, key = capsys.readouterr().out.strip().partition("=")
    assert name == "VAPID_PRIVATE_KEY"
    web_push.read_private_key(key)


@pytest.mark.parametrize("text", ["", "hunter2", "é", "A" * 43, encode(b"\xff" * 32), encode(b"\x01" * 31)])
def test_keys_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        private_number(text)


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("fcm.googleapis.com", True),
        ("93.184.216.34", True),
        ("localhost", False),
        ("printer.local", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("224.0.0.1", False),
        ("", False),
        ("127.1", False),
        ("0x7f.1", False),
        ("0177.0.0.1", False),
        ("127.0.0.1.", False),
        ("printer.local.", False),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:7f00:1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),  # by which networks without IPv4 reach 93.184.216.34
        ("2600:1f18::1", True),
    ],
)
def test_hosts_that_are_reached_from_anywhere(host: str, public: bool) -> None:
    assert is_public_host(host) is public
