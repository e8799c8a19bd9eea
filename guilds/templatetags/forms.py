"""The tag that stands in every form."""

from typing import Any

from django import template
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from guilds.sent_forms.tokens import FIELD, new_token

register = template.Library()


class FormTokensNode(CsrfTokenNode):
    """Django's CSRF token, and beside it the form's own, so that no form can be without."""

    def render(self, context: Any) -> str:
        csrf_field = super().render(context)
        request = context.get("request")
        if not csrf_field or request is None:
            return csrf_field
        # Firefox would fill in the token of the page before, when it is reloaded.
        own = '<input type="hidden" name="{}" value="{}" autocomplete="off">'
        return csrf_field + format_html(own, FIELD, new_token(request.user))


@register.tag
def csrf_token(parser: Any, token: Any) -> FormTokensNode:
    """Render the tokens of a form, in place of Django's tag of the same name."""
    return FormTokensNode()
