"""Defaults in the database for columns that came after their table: the version before writes rows without them."""

from django.db import migrations

from gamesched.lib.migrations import defaults_in_database

# Who doesn't know what a post is made of posts embeds.
DEFAULTS = {
    "games_signup": {
        "rank": "0",
        "note": "''",
        "carried": "false",
        "offer_number": "0",
        "left_late": "false",
        "no_show": "false",
        "on_standby": "false",
        "added_by_other": "false",
        "open_confirmation": "0",
    },
    "games_game": {
        "rewards": "''",
        "handover_number": "0",
        "confirmation_number": "0",
        "drop_unconfirmed": "false",
        "confirm_carried": "false",
        "kept_starts": "'{}'",
        "player_messages_at": "'{}'",
    },
    "games_announcement": {
        "form": "'embed'",
        "thread_name": "''",
        "publish_problem_code": "''",
        "deletion_number": "0",
        "problem_code": "''",
    },
    "games_calendarfeed": {"fetches": "0"},
    "games_gamecompanion": {"answered": "'{}'"},
    "games_timepollpost": {"form": "'embed'"},
}


class Migration(migrations.Migration):
    dependencies = [("games", "0064_people_and_history")]

    operations = [defaults_in_database(DEFAULTS)]
