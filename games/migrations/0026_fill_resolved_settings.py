"""Resolve the settings of the games that there are."""

from django.db import connection, migrations

BATCH = 5_000


def fill(apps: object, schema_editor: object) -> None:
    """Resolve the settings of all games, in batches that lock rows for moments only."""
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                """
                WITH batch AS (
                    SELECT id FROM games_game WHERE id > %s ORDER BY id LIMIT %s
                ), filled AS (
                    UPDATE games_game SET resolved_settings = '{}' WHERE id IN (SELECT id FROM batch)
                )
                SELECT max(id) FROM batch
                """,
                [last, BATCH],
            )
            (last,) = cursor.fetchone()
            if last is None:
                return


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("games", "0025_resolved_settings")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
