"""All wording about games from other programs."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop, ngettext

from games.core.codes import AuditAction
from games.core.named_places import who_did

# Each is the one sentence about a file that we don't take. Nothing changed then.
FILE_PROBLEMS = {
    "too_large": gettext_noop("The file is larger than 5 MB. Export fewer games."),
    "zip_too_large": gettext_noop("The zip is larger than 30 MB. Leave out pictures."),
    "empty": gettext_noop("The file is empty. Export it again."),
    "bad_encoding": gettext_noop("The file isn't UTF-8 text. Save it as UTF-8 and choose it again."),
    "truncated": gettext_noop("The file ends in the middle. Download it again."),
    "bad_calendar": gettext_noop("This calendar file is broken. Export it again."),
    "bad_json": gettext_noop("This JSON is broken. Export it again."),
    "unknown_json": gettext_noop("We don't know this kind of JSON. See the guide for what we read."),
    "bad_table": gettext_noop("This table is broken. Save it as CSV again."),
    "no_rows": gettext_noop("The table has no rows under its header. Export it again."),
    "bad_zip": gettext_noop("This zip is broken. Download it again."),
    "locked": gettext_noop("This zip has a password. Choose one without."),
    "bomb": gettext_noop("This zip unpacks to more than 50 MB. Choose a smaller one."),
    "markup": gettext_noop("We don't read HTML or XML. Choose a calendar file, CSV or JSON."),
    "unknown": gettext_noop("We find no games in this. Choose a calendar file, CSV or JSON."),
    "too_many_events": gettext_noop("The file has over 500 upcoming events. Export fewer of them."),
    "too_much": gettext_noop("The file takes us too long to read. Export a shorter time."),
    "bad_archive": gettext_noop("This archive is broken, or of a newer version. Export it again."),
}
NO_FILE = gettext_noop("Choose a file, or paste a text.")
TWO_FILES = gettext_noop("Choose a file or paste a text, not both.")
TOO_MANY_FILES = gettext_noop("10 files wait here already. Import or delete one first.")
UNKNOWN_IMPORT = gettext_noop("This file is gone. Choose it again.")
DONE_ALREADY = gettext_noop("You've imported this file already.")
NO_HOST = gettext_noop("Say who hosts the games: --host or --as.")
NO_COLUMNS = gettext_noop("Say which columns have the title and the start.")
DELETED = gettext_noop("The file is deleted. Nothing was imported.")

WHY_DROPPED = {
    "all_day": gettext_noop("It lasts all day. A game needs a time."),
    "cancelled": gettext_noop("It's cancelled there."),
    "over": gettext_noop("It's over."),
    "no_time": gettext_noop("It has no time."),
    "bad_time": gettext_noop("We can't read its time."),
    "which_day": gettext_noop("Say whether the day or the month comes first."),
    "two_times": gettext_noop("Its time can be read in two ways. Write the date and the time."),
    "bad_rule": gettext_noop("We can't read how it repeats."),
    "too_often": gettext_noop("It repeats several times a day."),
    "later_ones": gettext_noop("It changes one date and all later ones. Export it without."),
}
NOTES = {
    "shortened": gettext_noop("We shorten a long text."),
    "single_games": gettext_noop("We have no such rule: single games for 90 days."),
    "zone_guessed": gettext_noop("We don't know its time zone and take yours."),
    "unknown_people": gettext_noop("Some of its people aren't members here."),
    "without_people": gettext_noop("We can't sign its people up."),
    "not_host": gettext_noop("Its host can't host here. You do."),
    "has_status": gettext_noop("We leave out people who said maybe."),
    "host_picks": gettext_noop("The roles that could sign up aren't here. Its host picks."),
}
ALREADY = gettext_noop("It's here already.")
SOURCES = {
    "ics": gettext_noop("Calendar"),
    "csv": gettext_noop("Table"),
    "raid_helper": gettext_noop("Raid-Helper"),
    "rpg_schedule": gettext_noop("RPG Schedule"),
    "text": gettext_noop("Pasted text"),
    "archive": gettext_noop("Archive"),
}
FIELDS = {
    "title": gettext_noop("Title"),
    "start": gettext_noop("Start: date and time"),
    "date": gettext_noop("Date"),
    "time": gettext_noop("Time"),
    "end": gettext_noop("End: date and time"),
    "end_date": gettext_noop("End date"),
    "end_time": gettext_noop("End time"),
    "duration": gettext_noop("Duration"),
    "all_day": gettext_noop("Lasts all day"),
    "zone": gettext_noop("Time zone"),
    "description": gettext_noop("Description"),
    "location": gettext_noop("Location"),
    "seats": gettext_noop("Seats"),
    "host": gettext_noop("Host's Discord id"),
    "people": gettext_noop("Players' Discord ids"),
    "id": gettext_noop("Id there"),
}
NOT_USED = gettext_noop("not used")

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.IMPORT_GAMES: gettext_noop("imported {count} games"),
    AuditAction.UNDO_IMPORT: gettext_noop("undid an import of {count} games"),
}


def describe_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return who imported games, or undid that."""
    return who_did(who, AUDIT_ACTIONS[action], {"count": changes.get("count", 0)})


def imported(made: int, already: int, left_out: int) -> str:
    """Say what became of a file."""
    parts = [ngettext("%(count)d game imported.", "%(count)d games imported.", made) % {"count": made}]
    if already:
        text = ngettext("%(count)d was here already.", "%(count)d were here already.", already)
        parts.append(text % {"count": already})
    if left_out:
        text = ngettext("%(count)d was left out.", "%(count)d were left out.", left_out)
        parts.append(text % {"count": left_out})
    return " ".join(parts)


def undone(cancelled: int, kept: int) -> str:
    """Say that an import is undone."""
    text = ngettext("Undone: %(count)d game is cancelled.", "Undone: %(count)d games are cancelled.", cancelled)
    stayed = ngettext("%(count)d that began stays.", "%(count)d that began stay.", kept) % {"count": kept}
    return " ".join([text % {"count": cancelled}, *([stayed] if kept else [])])


def import_button(count: int) -> str:
    return ngettext("Import %(count)d game", "Import %(count)d games", count) % {"count": count}
