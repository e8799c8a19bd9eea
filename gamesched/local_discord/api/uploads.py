"""Request bodies that are forms: https://docs.discord.com/developers/reference#uploading-files"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gamesched.local_discord.api.validation import BodyPath, parse_json, read_text
from gamesched.local_discord.errors import invalid_form_body, invalid_json, request_too_large
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.state.state import State

FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
MAX_FILES, MAX_FILE_SIZE = 10, 10 * 1024 * 1024  # bytes, without Nitro or boosts
MAX_REQUEST_SIZE = 25 * 1024 * 1024  # bytes
MAX_DESCRIPTION_LENGTH = 1024
IS_SPOILER = 1 << 3  # a flag of attachments


@dataclass(frozen=True)
class Upload:
    """A file in a request; `number` is the n of its name, files[n]."""

    number: int
    filename: str
    content_type: str
    data: bytes


async def read_form(request: web.Request) -> tuple[Any, list[Upload]]:
    """Return a form's body, its `payload_json` or its plain fields, and its files. Raise 40005, 50109."""
    try:
        form = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise request_too_large() from None
    except ValueError:
        raise invalid_form_body((), "MULTIPART_INVALID", "The form cannot be read.") from None
    fields: Json = {}
    uploads: list[Upload] = []
    for name, value in form.items():
        if isinstance(value, web.FileField):
            data = value.file.read()
            if name == "payload_json":
                fields[name] = data
                continue
            number = re.fullmatch(r"files\[(\d+)\]", name)
            uploads.append(
                Upload(
                    int(number[1]) if number else len(uploads),
                    value.filename,
                    value.content_type.partition(";")[0],
                    data,
                )
            )
        else:
            fields[name] = value if isinstance(value, str) else bytes(value)
    if "payload_json" not in fields:
        return {name: _plain_text(value) for name, value in fields.items()}, uploads
    try:
        return parse_json(fields["payload_json"]), uploads
    except ValueError:
        raise invalid_json() from None


def _plain_text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


@dataclass(frozen=True)
class AttachmentEdit:
    """What a request says about attachments, by id or number: new files, and which existing ones stay (None: all)."""

    uploads: list[Upload] = field(default_factory=list)
    described: dict[str, Json] = field(default_factory=dict)
    kept_ids: set[str] | None = None

    def keeps(self, attachment_id: str) -> bool:
        return self.kept_ids is None or attachment_id in self.kept_ids

    def filename_of(self, upload: Upload) -> str:
        """Return a new file's name: as the request tells it, without what Discord replaces."""
        described = self.described.get(str(upload.number), {})
        return re.sub(r"[^\w.-]", "_", str(described.get("filename") or upload.filename)) or "file"

    def filenames(self, existing: Iterable[Json]) -> list[str]:
        """Return the names of a message's files after this edit."""
        kept = [each["filename"] for each in existing if self.keeps(each["id"])]
        return [*kept, *(self.filename_of(each) for each in self.uploads)]


def read_attachments(body: Json, uploads: Iterable[Upload]) -> AttachmentEdit:
    """Validate `attachments` and the files of a message. Raise 40005, 50035."""
    uploads = list(uploads)
    path: BodyPath = ("attachments",)
    given = body.get("attachments")
    if given is None:
        given = []
    elif not isinstance(given, list):
        raise invalid_form_body(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(uploads) > MAX_FILES or len(given) > MAX_FILES:
        raise invalid_form_body(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
    if any(len(each.data) > MAX_FILE_SIZE for each in uploads):
        raise request_too_large()
    described: dict[str, Json] = {}
    for i, each in enumerate(given):
        if not isinstance(each, dict):
            raise invalid_form_body((*path, i), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        if each.get("id") is None:
            raise invalid_form_body((*path, i, "id"), "BASE_TYPE_REQUIRED", "This field is required")
        read_text(each, "filename", MAX_DESCRIPTION_LENGTH, (*path, i))
        read_text(each, "description", MAX_DESCRIPTION_LENGTH, (*path, i))
        described[str(each["id"])] = each
    kept_ids = set(described) if body.get("attachments") is not None else None
    return AttachmentEdit(uploads, described, kept_ids)


def save_attachments(
    state: State, channel_id: int, edit: AttachmentEdit, existing: list[Json], ephemeral: bool = False
) -> list[Json]:
    """Save a message's new files, and return its attachments: the existing ones that stay, and these."""
    kept = [each | _described(edit.described.get(each["id"], {})) for each in existing if edit.keeps(each["id"])]
    for upload in edit.uploads:
        described = edit.described.get(str(upload.number), {})
        attachment = save_upload(state, channel_id, upload, edit.filename_of(upload))
        kept.append(attachment | _described(described) | ({"ephemeral": True} if ephemeral else {}))
    return kept


def save_upload(state: State, channel_id: int, upload: Upload, filename: str) -> Json:
    """Save a file, and return its attachment."""
    attachment_id = state.new_id()
    url = f"{state.origin}/attachments/{channel_id}/{attachment_id}/{filename}"
    state.save_file(attachment_id, upload.content_type, upload.data)
    return {
        "id": str(attachment_id),
        "filename": filename,
        "size": len(upload.data),
        "url": url,
        "proxy_url": url,
        "content_type": upload.content_type,
        "flags": IS_SPOILER if filename.startswith("SPOILER_") else 0,
    }


def _described(described: Json) -> Json:
    """Return the fields of an attachment that a request may set or change."""
    fields = {key: described[key] for key in ("description", "title") if described.get(key)}
    return (
        fields
        if described.get("is_spoiler") is None
        else fields | {"flags": IS_SPOILER if described["is_spoiler"] else 0}
    )


def resolve_attachment_urls(embeds: list[Json], attachments: list[Json]) -> None:
    """Point the `attachment://name` of embeds to the message's files."""
    urls = {f"attachment://{each['filename']}": each["url"] for each in attachments}
    for embed in embeds:
        for part, key in (("image", "url"), ("thumbnail", "url"), ("author", "icon_url"), ("footer", "icon_url")):
            if part in embed and embed[part].get(key) in urls:
                embed[part][key] = urls[embed[part][key]]
