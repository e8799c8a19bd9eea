"""Components V2: what a layout may hold, how it is answered, and what an edit may do to it."""

import json
from typing import Any

import discord
import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import IS_COMPONENTS_V2, Json
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient
from gamesched.testing.waiting import PATIENCE

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"
PICTURE = {"media": {"url": "https://example.org/dragon.png"}, "description": "A dragon"}


def text(content: str = "Curse of Strahd", **more: Any) -> Json:
    return {"type": 10, "content": content} | more


def button(custom_id: str = "join", **more: Any) -> Json:
    return {"type": 2, "style": 3, "label": "Join", "custom_id": custom_id} | more


def row(*inside: Json) -> Json:
    return {"type": 1, "components": list(inside)}


def section(*inside: Json, accessory: Json | None = None) -> Json:
    return {"type": 9, "components": list(inside or [text()]), "accessory": accessory or {"type": 11} | PICTURE}


def container(*inside: Json, **more: Any) -> Json:
    return {"type": 17, "components": list(inside)} | more


def layout(*components: Json, **more: Any) -> Json:
    return {"flags": IS_COMPONENTS_V2, "components": list(components)} | more


def code_at(errors: Json, where: str) -> str:
    for step in where.split("."):
        errors = errors[step]
    return str(errors["_errors"][0]["code"])


def post_files(local: LocalDiscord, body: Json, files: dict[str, bytes], method: str = "POST", path: str = HERE) -> Any:
    parts: Any = {"payload_json": (None, json.dumps(body))}
    parts |= {f"files[{i}]": (name, data, "image/png") for i, (name, data) in enumerate(files.items())}
    headers = RestClient(local).headers
    return requests.request(method, local.api_url + path, files=parts, headers=headers, timeout=PATIENCE)


def test_every_kind_is_kept_and_numbered(local: LocalDiscord) -> None:
    body = layout(
        text("# Curse of Strahd"),
        container(
            section(text("Friday"), accessory=button()),
            {"type": 14, "spacing": 2, "divider": False},
            {"type": 12, "items": [PICTURE, {"media": {"url": "https://example.org/map.png"}, "spoiler": True}]},
            section(),
            row(button("leave", id=2)),
            accent_color=0x5865F2,
            spoiler=True,
        ),
        {"type": 14},
    )
    rest = RestClient(local)
    message = rest.post_message(fixtures.GENERAL_ID, **body)
    assert message["flags"] == IS_COMPONENTS_V2
    title, box, line = message["components"]
    assert (box["accent_color"], box["spoiler"]) == (0x5865F2, True)
    assert (line["spacing"], line["divider"]) == (1, True)
    first, gap, gallery, second, buttons = box["components"]
    assert (gap["spacing"], gap["divider"]) == (2, False)
    assert [item["spoiler"] for item in gallery["items"]] == [False, True]
    assert gallery["items"][0]["media"]["proxy_url"] == "https://example.org/dragon.png"
    assert second["accessory"]["description"] == "A dragon"
    assert buttons["components"][0]["id"] == 2  # as the bot says; the others get the next free ones
    assert [title["id"], box["id"], first["id"], first["accessory"]["id"]] == [1, 3, 4, 6]
    assert rest.request_json("GET", f"{HERE}/{message['id']}")["components"] == message["components"]
    entry = local.client.click("bob", message, "join", wait=0)
    assert entry["custom_id"] == "join"


@pytest.mark.parametrize(
    ("components", "where", "code"),
    [
        ([text("")], "components.0.content", "BASE_TYPE_BAD_LENGTH"),
        ([text("x" * 4001)], "components.0.content", "BASE_TYPE_BAD_LENGTH"),
        ([text("x" * 4000), text("x")], "components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"),
        ([text() for _ in range(41)], "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
        ([section(text()) for _ in range(14)], "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
        ([{"type": 9, "components": [text()]}], "components.0.accessory", "BASE_TYPE_REQUIRED"),
        ([section(*[text()] * 4)], "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ([section(row(button()))], "components.0.components.0.type", "UNION_TYPE_CHOICES"),
        ([section(accessory=text())], "components.0.accessory.type", "UNION_TYPE_CHOICES"),
        ([container()], "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ([container(container(text()))], "components.0.components.0.type", "UNION_TYPE_CHOICES"),
        ([container(text(), accent_color=1 << 24)], "components.0.accent_color", "NUMBER_TYPE_MAX"),
        ([button()], "components.0.type", "UNION_TYPE_CHOICES"),
        ([{"type": 12, "items": []}], "components.0.items", "BASE_TYPE_BAD_LENGTH"),
        ([{"type": 12, "items": [PICTURE] * 11}], "components.0.items", "BASE_TYPE_BAD_LENGTH"),
        ([{"type": 12, "items": [{"media": {"url": "no"}}]}], "components.0.items.0.media.url", "URL_TYPE_INVALID_URL"),
        ([{"type": 14, "spacing": 3}], "components.0.spacing", "BASE_TYPE_CHOICES"),
        ([{"type": 13, "file": {"url": "https://e.org/x"}}], "components.0.file.url", "URL_TYPE_INVALID_SCHEME"),
        (
            [{"type": 13, "file": {"url": "attachment://rules.pdf"}}],
            "components.0.file.url",
            "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
        ),
        ([text(id=7), text(id=7)], "components", "COMPONENT_ID_DUPLICATED"),
        (
            [row(button()), section(accessory=button())],
            "components.1.accessory.custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
    ],
)
def test_what_no_layout_holds_is_refused(local: LocalDiscord, components: list[Json], where: str, code: str) -> None:
    response = RestClient(local).request("POST", HERE, layout(*components))
    assert (response.status_code, response.json()["code"]) == (400, 50035)
    assert code_at(response.json()["errors"], where) == code


def test_forty_components_and_four_thousand_characters_fit(local: LocalDiscord) -> None:
    message = RestClient(local).post_message(fixtures.GENERAL_ID, **layout(*[text("x" * 100) for _ in range(40)]))
    assert len(message["components"]) == 40


def test_a_layout_has_neither_content_nor_embeds(local: LocalDiscord) -> None:
    rest = RestClient(local)
    legacy = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    for key, value in (("content", "x"), ("embeds", [{"title": "x"}])):
        response = rest.request("POST", HERE, layout(text(), **{key: value}))
        assert code_at(response.json()["errors"], key) == legacy
    assert rest.request_error("POST", HERE, {"flags": IS_COMPONENTS_V2}) == (400, 50006)
    assert rest.request_error("POST", HERE, {"components": [text()]}) == (400, 50035)  # without the flag


def test_a_message_becomes_a_layout_and_never_goes_back(local: LocalDiscord) -> None:
    rest = RestClient(local)
    path = f"{HERE}/{rest.post_message(fixtures.GENERAL_ID, content='x', embeds=[{'title': 'x'}])['id']}"
    response = rest.request("PATCH", path, layout(text()))
    assert "content" in response.json()["errors"]
    changed = rest.request_json("PATCH", path, layout(text(), content=None, embeds=[]))
    assert (changed["content"], changed["embeds"], changed["flags"]) == ("", [], IS_COMPONENTS_V2)
    for body in ({"content": "x"}, {"embeds": [{"title": "x"}]}, {"flags": 0}):
        response = rest.request("PATCH", path, body)
        assert code_at(response.json()["errors"], "flags") == "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG"
    again = rest.request_json("PATCH", path, {"components": [text("Part two")]})
    assert (again["components"][0]["content"], again["flags"]) == ("Part two", IS_COMPONENTS_V2)


def test_its_texts_ping_whom_they_may(local: LocalDiscord) -> None:
    rest = RestClient(local)
    words = text(f"<@{fixtures.BOB_ID}> and <@{fixtures.CHARLIE_ID}>")
    body = layout(container(words), allowed_mentions={"users": [str(fixtures.BOB_ID)]})
    assert [user["username"] for user in rest.post_message(fixtures.GENERAL_ID, **body)["mentions"]] == ["bob"]


def test_pictures_and_files_are_the_messages_own(local: LocalDiscord) -> None:
    body = layout(
        {"type": 12, "items": [{"media": {"url": "attachment://map.png"}}]},
        {"type": 13, "file": {"url": "attachment://rules.pdf"}},
    )
    response = post_files(local, body, {"map.png": b"a map", "rules.pdf": b"the rules"})
    message = response.json()
    gallery, rules = message["components"]
    names = {each["filename"]: each for each in message["attachments"]}
    assert gallery["items"][0]["media"]["url"] == names["map.png"]["url"]
    assert gallery["items"][0]["media"]["attachment_id"] == names["map.png"]["id"]
    assert (rules["name"], rules["size"]) == ("rules.pdf", 9)
    assert requests.get(rules["file"]["url"], timeout=PATIENCE).content == b"the rules"
    # An edit may refer to the files that stay, and to new ones.
    kept = {"id": names["map.png"]["id"]}
    pictures = [{"media": {"url": f"attachment://{name}"}} for name in ("map.png", "inn.png")]
    edit: Json = {"attachments": [kept, {"id": 0}], "components": [{"type": 12, "items": pictures}]}
    changed = post_files(local, edit, {"inn.png": b"an inn"}, "PATCH", f"{HERE}/{message['id']}").json()
    assert [each["filename"] for each in changed["attachments"]] == ["map.png", "inn.png"]
    urls = [item["media"]["url"] for item in changed["components"][0]["items"]]
    assert urls == [each["url"] for each in changed["attachments"]]
    edit = {"components": [{"type": 13, "file": {"url": "attachment://rules.pdf"}}]}
    assert RestClient(local).request_error("PATCH", f"{HERE}/{message['id']}", edit) == (400, 50035)


def test_a_file_beyond_ten_megabytes_is_refused(local: LocalDiscord) -> None:
    response = post_files(local, {"content": "x"}, {"big.png": b"x" * (10 * 1024 * 1024 + 1)})
    assert (response.status_code, response.json()["code"]) == (413, 40005)


def test_interactions_answer_with_layouts(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    bot.rest.post_message(fixtures.GENERAL_ID, **layout(text(), row(button())))
    shown = local.client.messages("bob", fixtures.GENERAL_ID)[0]
    local.client.click("bob", shown, "join", wait=0)
    bot.respond(7, {"components": [text("1 of 5"), row(button())]})
    assert local.client.messages("bob", fixtures.GENERAL_ID)[0]["components"][0]["content"] == "1 of 5"
    mine = bot.rest.request_json("POST", bot.webhook_path(), layout(text("You are in.")) | {"flags": 64 | 1 << 15})
    assert mine["flags"] == 64 | IS_COMPONENTS_V2
    local.client.click("bob", shown, "join", wait=0)
    bot.respond(5, {"flags": 64})
    later = bot.rest.request_json("PATCH", bot.webhook_path() + "/messages/@original", layout(text("Thought.")))
    assert (later["components"][0]["content"], later["content"]) == ("Thought.", "")
    local.client.click("bob", shown, "join", wait=0)
    assert bot.response_error(7, {"content": "x"}) == (400, 50035)


async def test_discord_py_sends_and_edits_a_layout(local: LocalDiscord, bot: RecordingClient) -> None:
    channel = bot.get_partial_messageable(fixtures.GENERAL_ID)
    view = discord.ui.LayoutView(timeout=None)
    box: Any = discord.ui.Container(accent_colour=0x5865F2)
    box.add_item(discord.ui.Section("## Strahd", accessory=discord.ui.Button(label="Join", custom_id="join")))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("https://example.org/dragon.png")))
    box.add_item(discord.ui.ActionRow(discord.ui.Button(label="Leave", custom_id="leave")))
    view.add_item(box)
    view.stop()
    message = await channel.send(view=view)
    assert message.flags.components_v2
    found = await channel.fetch_message(message.id)
    (shown,) = found.components
    assert isinstance(shown, discord.Container)
    assert [child.type.value for child in shown.children] == [9, 14, 12, 1]
    smaller = discord.ui.LayoutView(timeout=None).add_item(discord.ui.TextDisplay("It is over."))
    smaller.stop()
    edited = await message.edit(view=smaller)
    assert [child.type.value for child in edited.components] == [10]
    with pytest.raises(discord.HTTPException) as refused:
        await message.edit(content="plain")
    assert refused.value.code == 50035
