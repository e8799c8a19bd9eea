"""The page of all components is for who works on them."""

from typing import Any

from django.test import Client

# What pages share; the page shows each in both themes.
SHARED = (
    "bar",
    "button",
    "chip",
    "empty",
    "face",
    "faces",
    "icon",
    "menu",
    "meter",
    "month",
    "more",
    "row",
    "say",
    "tabs",
    "tag",
)


def test_all_components_are_shown_in_both_themes_in_debug_alone(db: None, client: Client, settings: Any) -> None:
    assert client.get("/styleguide/").status_code == 404
    settings.DEBUG = True
    page = client.get("/styleguide/").text
    for theme in ("dark", "light"):
        assert f'data-theme="{theme}"' in page
    classes = [name for part in page.split('class="')[1:] for name in part.split('"')[0].split()]
    assert {name: classes.count(name) >= 2 for name in SHARED} == dict.fromkeys(SHARED, True)
