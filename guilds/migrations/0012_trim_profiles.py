"""Keep of Discord's profile what the log-in needs, as new log-ins do."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations

KEPT = ("id", "username", "global_name", "avatar")
BATCH = 1000


def trim(apps: Apps, schema_editor: Any) -> None:
    """Drop the locale, the flags and all else. Running it again changes nothing."""
    accounts = apps.get_model("socialaccount", "SocialAccount").objects
    batch = []
    for account in accounts.filter(provider="discord").iterator(BATCH):
        profile = account.extra_data if isinstance(account.extra_data, dict) else {}
        kept = {name: profile[name] for name in KEPT if name in profile}
        if kept != account.extra_data:
            account.extra_data = kept
            batch.append(account)
    accounts.bulk_update(batch, ["extra_data"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("guilds", "0011_forgotten_at"), ("socialaccount", "0006_alter_socialaccount_extra_data")]
    operations = [migrations.RunPython(trim, migrations.RunPython.noop)]
