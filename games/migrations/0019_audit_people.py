"""Keep people in the audit log by id, where the name that was written down is one member's."""

from collections import defaultdict
from typing import Any

from django.apps.registry import Apps
from django.db import migrations

BATCH = 1000


class Names:
    """Who is called what in one guild, and which placeholders its games have."""

    def __init__(self, apps: Apps, guild_id: int) -> None:
        self._users: dict[str, set[int]] = defaultdict(set)
        members = apps.get_model("guilds", "Member").objects.filter(guild_id=guild_id)
        for user_id, *names in members.values_list("user_id", "nick", "user__global_name", "user__handle"):
            for name in filter(None, names):
                self._users[name].add(user_id)
        signups = apps.get_model("games", "Signup").objects.filter(game__guild_id=guild_id).exclude(placeholder="")
        self._placeholders = set(signups.values_list("placeholder", flat=True))

    def one(self, name: str) -> int | str | None:
        """Return a user's id or a placeholder's name; None for a name that is nobody's, or several people's."""
        users = self._users.get(name, set())
        if name in self._placeholders:
            return None if users else name
        return next(iter(users)) if len(users) == 1 else None

    def people(self, text: Any) -> Any:
        """Return people for the text of names, or the text as it is where one of them is in doubt."""
        if not isinstance(text, str) or not text:
            return text
        whole = self.one(text)
        found = [whole] if whole is not None else [self.one(name) for name in text.split(", ")]
        return text if None in found else {"users": found}


def convert(action: str, changes: dict[str, Any], names: Names) -> dict[str, Any]:
    """Return an entry's changes with people by id."""
    new = dict(changes)
    if action != "keep":  # its value is a time
        new |= {key: names.people(new[key]) for key in ("for", "instead", "left_out") if key in new}
    if action in {"block", "unblock"} and "of" in new:
        new["of"] = names.people(new["of"])
    if isinstance(new.get("host"), list):
        new["host"] = [names.people(name) for name in new["host"]]
    if isinstance(new.get("co-hosts"), list):
        # Each side is a list of names, which say nothing that is not in the other form.
        sides = [[names.one(name) for name in side] if isinstance(side, list) else None for side in new["co-hosts"]]
        if all(side is not None and None not in side for side in sides):
            new["co-hosts"] = [{"users": side} for side in sides]
    return new


def store_ids(apps: Apps, schema_editor: Any) -> None:
    """Convert guild by guild. Running it again changes nothing."""
    entries, edits = apps.get_model("games", "AuditEntry").objects, apps.get_model("games", "GameEdit").objects
    for guild_id in list(apps.get_model("guilds", "Guild").objects.values_list("pk", flat=True)):
        names = Names(apps, guild_id)
        changed = []
        for entry in entries.filter(guild_id=guild_id).exclude(changes={}).iterator(BATCH):
            new = convert(entry.action, entry.changes, names)
            if new != entry.changes:
                entry.changes = new
                changed.append(entry)
        entries.bulk_update(changed, ["changes"], batch_size=BATCH)
        hosts = list(edits.filter(game__guild_id=guild_id, previous__has_key="host"))
        for edit in hosts:
            edit.previous["host"] = names.people(edit.previous["host"])
        edits.bulk_update(hosts, ["previous"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("games", "0018_problem_codes"), ("guilds", "0008_channel_rights")]
    operations = [migrations.RunPython(store_ids, migrations.RunPython.noop)]
