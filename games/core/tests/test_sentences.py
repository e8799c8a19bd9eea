"""Sentences that are stored in English, or put together, in the reader's language."""

from django.utils import translation

from games.core.notification_wording import error_text
from gamesched.lib.sentences import join_and, join_or


def test_an_error_is_read_in_the_readers_language_and_what_a_program_said_stays() -> None:
    stored = "Gave up after 7 tries: Can't reach Discord: Connection refused"
    assert error_text(stored) == stored
    with translation.override("de"):
        assert error_text(stored) == "Nach 7 Versuchen aufgegeben: Discord ist nicht erreichbar: Connection refused"
        assert error_text("Discord answered 502") == "Discord antwortete mit 502"
        assert error_text("100 %(number)s of 7") == "100 %(number)s of 7"
        assert error_text("") == ""


def test_names_are_joined_as_a_sentence_has_them() -> None:
    assert [join_and("ABC"[:count]) for count in range(4)] == ["", "A", "A and B", "A, B and C"]
    assert join_or(iter("ABC")) == "A, B or C"
