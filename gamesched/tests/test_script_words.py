"""The words of scripts: at an address that changes with them, before the scripts that say them."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from gamesched.script_words import script_words_address


def test_a_page_has_the_words_before_what_says_them_and_browsers_keep_them(db: None) -> None:
    client = Client()
    sources = re.findall(r'<script src="([^"]+)"', client.get("/").text)
    [words] = [source for source in sources if source.startswith("/words/")]
    assert sources.index(words) < next(at for at, source in enumerate(sources) if "/app" in source)
    response: Any = client.get(words)
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in response.headers["Cache-Control"]
    assert "globals.ngettext" in response.text


def test_other_words_are_not_kept_under_an_address_of_former_ones(db: None) -> None:
    client = Client()
    former = reverse("script-words", args=["de", "0" * 12])
    assert former != script_words_address("de")
    assert client.get(former).headers["Cache-Control"] == "no-store"
    assert client.get(reverse("script-words", args=["xx", "0" * 12])).status_code == 404
