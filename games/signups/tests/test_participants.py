"""Participants as typed: how each is resolved, and the problems."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.signups.participants import Candidate, ParsedNames, apply_choices, parse_names, resolve_names
from guilds.display_names import normalize_name

ALICE = Candidate(1300000000000000001, "alice", "Alice", "")
BOB = Candidate(1300000000000000002, "bob", "Bob", "Bob the GM")
BOBBY = Candidate(1300000000000000003, "bobby", "Bobby Tables", "")
STRASSE = Candidate(1300000000000000004, "gustav", "Straße", "ＷＩＤＥ")
MEMBERS = [ALICE, BOB, BOBBY, STRASSE]


def resolve(text: str, *members: Candidate, looked_up: bool = True) -> ParsedNames:
    return resolve_names(parse_names(text), members or MEMBERS, looked_up)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ()),
        (" ,\n,, \r\n", ()),
        ("@alice", (ALICE.user_id,)),
        ("@ALICE\nGrandma, @bob", (ALICE.user_id, "Grandma", BOB.user_id)),
        ("@Bob the GM", (BOB.user_id,)),
        ("@bob  the   gm", (BOB.user_id,)),
        ("＠alice", (ALICE.user_id,)),
        ("@ alice", (ALICE.user_id,)),
        ("@STRASSE", (STRASSE.user_id,)),
        ("@wide", (STRASSE.user_id,)),
        ("<@1300000000000000001>", (ALICE.user_id,)),
        ("<@!1300000000000000001>", (ALICE.user_id,)),
        ("Whatever they are called <@1300000000000000001>", (ALICE.user_id,)),
        ("1300000000000000001", (ALICE.user_id,)),
        ("12345", ("12345",)),
        ("alice", ("alice",)),
        ("x" * 100, ("x" * 100,)),
        ("bob@example.org", ("bob@example.org",)),
    ],
)
def test_how_names_are_resolved(text: str, named: tuple[int | str, ...]) -> None:
    parsed = resolve(text)
    assert not parsed.problems
    assert parsed.participants == named


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("@", "Write a member's name after the @."),
        ("@zzz", "Nobody in this server is called that. Remove the @"),
        ("@alcie", "Choose who you mean below."),
        ("@bo", "2 members have that name."),
        ("<@1399999999999999999>", "Nobody in this server has that id."),
        ("<@99999999999999999999>", "Nobody in this server has that id."),
        ("99999999999999999999", "Nobody in this server has that id."),
        ("<@&1300000000000000001>", "That isn't a person."),
        ("<#1300000000000000001>", "That isn't a person."),
        ("<@1300000000000000001> <@1300000000000000002>", "That isn't a person."),
        ("x" * 101, "This has 101 characters. Shorten it to 100."),
        ("\u200b", "This has a character we can't show."),
        ("a\x07b", "This has a character we can't show."),
        ("@alice\n<@1300000000000000001>", "Alice is named twice."),
        ("Grandma\ngrandma", "“grandma” is listed twice."),
        ("@everyone", "Nobody in this server is called that."),
    ],
)
def test_problems_of_names(text: str, sentence: str) -> None:
    problems = resolve(text).problems
    assert len(problems) == 1
    assert sentence in problems[0].sentence


def test_an_exact_name_wins_over_longer_ones() -> None:
    assert resolve("@bob").participants == (BOB.user_id,)


def test_a_unique_prefix_is_completed_and_named() -> None:
    parsed = resolve("@ali")
    assert parsed.participants == (ALICE.user_id,)
    assert parsed.completed == (("@ali", ALICE),)
    assert not resolve("@alice").completed


def test_a_prefix_is_not_completed_without_discord() -> None:
    parsed = resolve("@ali", looked_up=False)
    assert not parsed.participants
    assert parsed.problems[0].choices == (ALICE,)
    assert resolve("@alice", looked_up=False).participants == (ALICE.user_id,), "an exact name is theirs all the same"


def test_ambiguous_names_are_offered_as_choices() -> None:
    other_bob = Candidate(1300000000000000009, "bob2", "", "bob")
    problem = resolve("@bob", BOB, other_bob).problems[0]
    assert set(problem.choices) == {BOB, other_bob}


def test_similar_names_are_offered() -> None:
    assert resolve("@alcie").problems[0].choices == (ALICE,)
    assert resolve("@the gm").problems[0].choices == (BOB,)


def test_all_lines_are_resolved_at_once() -> None:
    parsed = resolve("@bo\nGrandma\n\n@zzz, @alice\n<@1>")
    assert [(p.line, p.typed) for p in parsed.problems] == [(1, "@bo"), (4, "@zzz"), (5, "<@1>")]
    assert parsed.participants == ("Grandma", ALICE.user_id)


def test_a_choice_replaces_the_typed_name() -> None:
    text = "@bo,  Grandma\r\n@bo \n@boss"
    assert apply_choices(text, {"@bo": BOB}) == (
        "Bob the GM <@1300000000000000002>,  Grandma\r\nBob the GM <@1300000000000000002>\n@boss"
    )


NAMES = st.text(min_size=1, max_size=32).filter(lambda name: bool(normalize_name(name)))
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 10**19 - 1),
        NAMES,
        st.one_of(st.just(""), NAMES),
        st.one_of(st.just(""), NAMES),
    ),
    max_size=8,
    unique_by=lambda c: c.user_id,
)


@settings(max_examples=50)
@given(st.text(st.sampled_from("@<>#!&0123456789ab, \n\r\x00é`"), max_size=120), CANDIDATES, st.booleans())
def test_every_text_can_be_resolved(text: str, members: list[Candidate], looked_up: bool) -> None:
    typed = parse_names(text)
    parsed = resolve_names(typed, members, looked_up)
    assert len(parsed.participants) + len(parsed.problems) == len(typed), "each participant is meant or wrong"
    assert len(set(parsed.participants)) == len(parsed.participants)
    ids = {c.user_id for c in members}
    assert all(user_id in ids for user_id in parsed.participants if isinstance(user_id, int))


@settings(max_examples=50)
@given(CANDIDATES.filter(bool))
def test_a_written_choice_always_resolves_to_that_person(members: list[Candidate]) -> None:
    for member in members:
        text = apply_choices("@x\nGrandma", {"@x": member})
        assert resolve_names(parse_names(text), members).participants == (member.user_id, "Grandma")


@given(st.text(max_size=60))
def test_without_choices_the_text_stays_as_typed(text: str) -> None:
    assert apply_choices(text, {}) == text
