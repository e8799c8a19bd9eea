"""Does what a form is for once, however often and however simultaneously the form arrives."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import strip_tags

from gamesched.lib.sentences import TranslatedText
from guilds.models import SentForm, User
from guilds.sent_forms.tokens import content_of, key_of, token_of


@dataclass(frozen=True)
class FormResult(TranslatedText):
    """What a form did, as a sentence, and the address of the page that shows it; `changed`: whether it did anything."""

    text: str
    address: str
    changed: bool = True


class AlreadySent(Exception):
    """The form did what it was for when it came before; the middleware responds with that result."""

    def __init__(self, earlier: SentForm) -> None:
        super().__init__(earlier.key)
        self.earlier = earlier


def earlier_form(request: HttpRequest) -> SentForm | None:
    """Return the row of a form that did what it is for when it came before."""
    token = token_of(request)
    if token is None or not request.user.is_authenticated:
        return None
    return SentForm.objects.filter(user=request.user, key=key_of(request, token)).first()


def perform_once(request: HttpRequest, act: Callable[[], FormResult | None]) -> FormResult | None:
    """Call actions in one transaction with the form's row, and keep their result. Raise AlreadySent.

    The row comes first: the same form arriving meanwhile waits for it. Whatever the actions raise removes the row,
    so that a refused form may be sent again. A result of None says that nothing was done.
    """
    token = token_of(request)
    if token is None:
        with transaction.atomic():
            return act()
    assert isinstance(request.user, User)
    return act_once(request.user, key_of(request, token), content_of(request), act)


def act_once(user: User, key: str, content: str, act: Callable[[], FormResult | None]) -> FormResult | None:
    """Call actions in one transaction with the row of a person's form, whatever it was sent by. Raise AlreadySent."""
    is_first = False
    try:
        with transaction.atomic():
            row = SentForm.objects.create(user=user, key=key, content=content)
            is_first = True
            result = act()
            if result is None:
                row.delete()
            else:
                SentForm.objects.filter(pk=row.pk).update(text=result.text, address=result.address)
            return result
    except IntegrityError:
        if is_first:
            raise
        raise AlreadySent(SentForm.objects.get(user=user, key=key)) from None


def redirect_address(response: HttpResponse) -> str:
    """Return where a response leads; '' for a form with errors, or a question first."""
    return response.url if isinstance(response, HttpResponseRedirect) else ""


def respond_once(
    request: HttpRequest,
    view: Callable[[], HttpResponse],
    address_of: Callable[[HttpResponse], str] = redirect_address,
) -> HttpResponse:
    """Call a view that saves in its own way, as Django's admin does, once for each form. Raise AlreadySent.

    `address_of` returns the address of the page that shows what was done, '' where nothing was.
    """
    responses: list[HttpResponse] = []

    def act() -> FormResult | None:
        response = view()
        responses.append(response)
        if not (address := address_of(response)):
            return None
        said = [strip_tags(str(message)) for message in getattr(get_messages(request), "_queued_messages", ())]
        return FormResult(" ".join(said), address)

    perform_once(request, act)
    return responses[0]
