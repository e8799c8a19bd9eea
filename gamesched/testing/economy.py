"""pytest plugin: what Django does for each test and page, at a fraction of its cost."""

from typing import Any

from django.db import connection
from django.template import Context, RequestContext, Template
from django.test import TransactionTestCase, utils
from django.test.signals import template_rendered

# Filled by migrating, and by no test.
MIGRATED_TABLES = ["django_migrations", "django_content_type", "auth_permission", "django_q_schedule"]
# Foreign keys are checked at the end of the statement's transaction, so the order does not matter.
EMPTY_TABLES = f"""
DO $$ DECLARE each name; BEGIN
FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
AND tablename <> ALL (ARRAY{MIGRATED_TABLES}) LOOP EXECUTE format('DELETE FROM %I', each); END LOOP;
END $$
"""


def pytest_configure() -> None:
    utils.instrumented_test_render = render  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]


def empty_tables(self: TransactionTestCase) -> None:
    """Delete the few rows of a test; Django truncates all tables and fills some again, which takes 0.4 s."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY_TABLES)


def render(self: Template, context: Context) -> Any:
    """Render, and give the test client a page's context; Django also copies that of each field and icon."""
    if isinstance(context, RequestContext) and context.template is self:
        template_rendered.send(sender=self, template=self, context=context)
    return self.nodelist.render(context)
