"""Fill the new columns from the audit log, where rules looked until now."""

from datetime import datetime
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.models import Max, OuterRef, Subquery

TRACKED_WORDS = ("title", "start", "duration", "location", "channel", "host", "instructions")
MESSAGES_KEPT = 3  # what a day allows


def fill(apps: Apps, schema_editor: Any) -> None:
    """Read each of the six once. Running it again changes nothing but to add the edits once more."""
    entries = apps.get_model("games", "AuditEntry").objects.filter(game__isnull=False).order_by("at", "pk")
    _fill_edits(apps, entries.filter(action="edit"))
    _fill_confirmations(apps, entries)
    _fill_carried(apps, entries.filter(action="carry"))
    games = apps.get_model("games", "Game").objects
    starts: dict[int, list[datetime]] = {}
    for game_id, changes in entries.filter(action="keep").values_list("game", "changes"):
        starts.setdefault(game_id, []).append(datetime.fromisoformat(changes["for"]))
    for game_id, kept in starts.items():
        games.filter(pk=game_id).update(kept_starts=kept)
    times: dict[int, list[datetime]] = {}
    for game_id, at in entries.filter(action="tell").values_list("game", "at"):
        times.setdefault(game_id, []).append(at)
    for game_id, sent in times.items():
        games.filter(pk=game_id).update(player_messages_at=sent[-MESSAGES_KEPT:])


def _fill_edits(apps: Apps, entries: Any) -> None:
    edit = apps.get_model("games", "GameEdit")

    def previous(changes: dict[str, Any]) -> dict[str, Any]:
        # Older records only call some values inherited, and name none.
        pairs = {word: changes[word] for word in TRACKED_WORDS if isinstance(changes.get(word), list)}
        return {word: pair[0] for word, pair in pairs.items() if pair[0] is not None}

    rows = (
        edit(game_id=game_id, at=at, previous=values)
        for game_id, at, changes in entries.values_list("game", "at", "changes").iterator()
        if (values := previous(changes))
    )
    edit.objects.bulk_create(rows, batch_size=1000)


def _fill_confirmations(apps: Apps, entries: Any) -> None:
    own = entries.filter(
        game=OuterRef("game"), actor=OuterRef("user"), action__in=["confirm", "edit"], at__gte=OuterRef("joined_at")
    )
    signups = apps.get_model("games", "Signup").objects.filter(left_at=None, user__isnull=False)
    signups.update(confirmed_at=Subquery(own.order_by("-at").values("at")[:1]))
    expired = entries.filter(action="question_end").order_by().values("game").annotate(last=Max("at"))
    for game_id, last in expired.values_list("game", "last"):
        apps.get_model("games", "Game").objects.filter(pk=game_id).update(confirmation_expired_at=last)


def _fill_carried(apps: Apps, entries: Any) -> None:
    for game_id, actor_id, at, changes in entries.values_list("game", "actor", "at", "changes"):
        games = apps.get_model("games", "Game").objects.filter(pk=game_id)
        games.update(carried_by=actor_id, confirm_carried=changes["asks"])
        signups = apps.get_model("games", "Signup").objects.filter(game=game_id, joined_at=at)
        signups.filter(user__in=changes["people"]).update(carried=True)


class Migration(migrations.Migration):
    dependencies = [("games", "0015_state_beside_the_audit")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
