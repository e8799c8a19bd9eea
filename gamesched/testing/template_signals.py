"""pytest plugin: what Django does for each template of a page in tests, at a fraction of its cost."""

from typing import Any

from django.template import Context, RequestContext, Template
from django.test import utils
from django.test.signals import template_rendered


def pytest_configure() -> None:
    utils.instrumented_test_render = render  # type: ignore[attr-defined]


def render(self: Template, context: Context) -> Any:
    """Render, and give the test client a page's context; Django also copies that of each field and icon."""
    if isinstance(context, RequestContext) and context.template is self:
        template_rendered.send(sender=self, template=self, context=context)
    return self.nodelist.render(context)
