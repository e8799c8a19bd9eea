"""Popups of the admin that were sent twice: the page that closes one can be shown again."""

from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse


def _popup_signer(request: HttpRequest) -> Signer:
    return Signer(salt=f"guilds.admin_site.popup.{request.user.pk}")


def popup_address(request: HttpRequest, response: HttpResponse) -> str:
    """Return the address that closes a popup as the response does; '' for any other response."""
    data = (getattr(response, "context_data", None) or {}).get("popup_response_data")
    return f"{reverse('admin:popup')}?{urlencode({'data': _popup_signer(request).sign(data)})}" if data else ""


def popup_response(request: HttpRequest) -> HttpResponse:
    """Show the page that closes a popup and gives its row to the form that opened it."""
    try:
        data = _popup_signer(request).unsign(request.GET.get("data", ""))
    except BadSignature:
        raise Http404 from None
    return TemplateResponse(request, "admin/popup_response.html", {"popup_response_data": data})
