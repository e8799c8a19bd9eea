"""The setting `silence_frees` is called by what it does: who does not confirm loses the seat."""

from django.db import migrations

from gamesched.lib.migrations import at_once

LAYERS = ("guilddefaults", "channeldefaults", "gametemplate", "game")
# As settings store it, and as the history of a game does.
KEYS = (("silence_frees", "unconfirmed_lose_seat"), ("silence frees", "unconfirmed lose seat"))


def rename_key(old: str, new: str) -> str:
    moved = f"(changes - '{old}') || jsonb_build_object('{new}', changes -> '{old}')"
    return f"UPDATE games_auditentry SET changes = {moved} WHERE changes ? '{old}'"  # noqa: S608 (words of ours)


def rename_locked(old: str, new: str) -> str:
    renamed = f"array_replace(locked, '{old}', '{new}')"
    return f"UPDATE games_gametemplate SET locked = {renamed} WHERE '{old}' = ANY (locked)"  # noqa: S608 (the same)


class Migration(migrations.Migration):
    dependencies = [("games", "0022_calendar_feed")]

    operations = [
        *(migrations.RenameField(layer, "silence_frees", "unconfirmed_lose_seat") for layer in LAYERS),
        *(migrations.RunSQL(rename_key(old, new), rename_key(new, old)) for old, new in KEYS),
        migrations.RunSQL(rename_locked(*KEYS[0]), rename_locked(*reversed(KEYS[0]))),
    ]
    operations = at_once(operations)
