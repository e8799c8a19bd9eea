"""The token of a form: made when the form is rendered, so that sending it twice is recognized."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

from guilds.models import User

FIELD = "form_token"
CSRF_FIELD = "csrfmiddlewaretoken"
NOBODY = 0  # owner of a form shown to somebody who was not logged in
TOKEN_MAX = 200  # characters

_signer = Signer(salt="guilds.sent_forms")


@dataclass(frozen=True)
class FormToken:
    """Whom a form was shown to, and what tells it from all others."""

    owner: int
    random: str

    def belongs_to(self, user: User | AnonymousUser) -> bool:
        return self.owner in (NOBODY, user.pk or NOBODY)


def new_token(user: User | AnonymousUser) -> str:
    """Return the token for one more form that a person is shown."""
    return _signer.sign(f"{user.pk or NOBODY}-{secrets.token_urlsafe(12)}")


def token_of(request: HttpRequest) -> FormToken | None:
    """Return the token that a form came with; None if it has none of ours."""
    try:
        owner, _, random = _signer.unsign(request.POST.get(FIELD, "")[:TOKEN_MAX]).partition("-")
    except BadSignature:
        return None
    return FormToken(int(owner), random)


def key_of(request: HttpRequest, token: FormToken) -> str:
    """Return the key of a form: several buttons of one form may send it to different addresses.

    A form that htmx sends stays in its page with its token. Whoever has read the response and changed the form means
    something else.
    """
    content = content_of(request) if getattr(request, "htmx", False) else ""
    return hashlib.sha256(f"{token.random} {request.path} {content}".encode()).hexdigest()


def content_of(request: HttpRequest) -> str:
    """Return a hash of what a form says, which differs where a person changed the form and sent it again."""
    said: list[tuple[str, Any]] = [
        (name, values) for name, values in request.POST.lists() if name not in {FIELD, CSRF_FIELD}
    ]
    said = sorted(said) + sorted((name, [*map(_digest, files)]) for name, files in request.FILES.lists())
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).hexdigest()


def _digest(file: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
