"""Names: what is stored, which are the same, and what is shown."""

import pytest

from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.names import is_visible, isolated, normalize_name, shown_name, tidy_name, without_isolates

FAMILY = "👨\u200d👩\u200d👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TOWER = "Z" + "\u0301" * 40 + "algo"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Bob", "Bob"),
        ("Smith, John", "Smith, John"),
        ('"Bob" <b>&', '"Bob" <b>&'),
        ("  Bob \t the\r\nGM  ", "Bob the GM"),
        ("\u202eeliB", "eliB"),
        ("a\u2066b\u2069c\u200e\u200f\u061c", "abc"),
        ("\u200bBob\ufeff\u2060\u00ad", "Bob"),
        ("\u3164", ""),
        ("\u2800\u115f\u1160\uffa0", ""),
        ("\u200b\u200d\ufe0f\u034f", ""),
        ("\u3164Bob\u3164", "Bob"),
        ("a\0b", "ab"),
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", ""),
        (FAMILY, FAMILY),
        (ENGLAND, ENGLAND),
        ("❤\ufe0f", "❤\ufe0f"),
        ("\U0001fae9", "\U0001fae9"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (TOWER, "Z" + "\u0301" * 4 + "algo"),
    ],
)
def test_names_are_stored_without_what_cannot_be_shown(name: str, stored: str) -> None:
    assert tidy_name(name) == stored
    assert MemberPayload(UserPayload(1, name, name), name).nick == stored
    assert tidy_name(stored) == stored


@pytest.mark.parametrize("name", ["\u3164", "\u202e\u200b", "\0", ""])
def test_places_with_names_that_show_nothing_are_called_by_their_id(name: str) -> None:
    assert ChannelPayload(1300000000000001234, name, 0, 0, 0).name == "channel 1234"
    assert RolePayload(1300000000000001234, name, 0, 0).name == "role 1234"
    assert GuildPayload(1300000000000001234, name, "", 1, (), ()).name == "server 1234"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Bob the GM", "Bob", "bob"), "Bob the GM"),
        (("\u3164", "Bob", "bob"), "Bob"),
        (("\u200b", "\u202e", "bob"), "bob"),
        (("", "\u2800", "\u115f"), "member 1234"),
        (("\u202etxt.exe",), "txt.exe"),
        (("שלום",), "\u2068שלום\u2069"),
        (("محمد 1",), "\u2068محمد 1\u2069"),
        (("Zoë 名前",), "Zoë 名前"),
    ],
)
def test_the_first_name_that_shows_something_is_shown_isolated(names: tuple[str, ...], shown: str) -> None:
    assert shown_name(*names, user_id=1300000000000001234) == shown
    assert shown_name(shown) == shown, "shown again, it does not change"
    assert not set("\u2068\u2069") & set(without_isolates(shown))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BOB", "bob"),
        ("Straße", "STRASSE"),
        ("ｗｉｄｅ", "wide"),
        ("e\u0301", "é"),
        ("B\u200bo\u2060b", "Bob"),
        ("\u202eBob\u202c", "bob"),
        ("Bob\u3164", "bob"),
        ("❤\ufe0f", "❤"),
        (TOWER, tidy_name(TOWER)),
        (isolated("שלום"), "שלום"),
        ("Bob  the\tGM", "bob the gm"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert normalize_name(one) == normalize_name(other)


def test_what_shows_something() -> None:
    assert all(map(is_visible, ["a", "1", "!", "🫩", "名", "\ue000"]))
    assert not any(map(is_visible, ["", " ", "\u200b", "\u3164", "\u0301", "\ufe0f", "\n", "\U000e0020"]))
