"""`Member.confirmed_at` says when Discord was read; what people confirm are games."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("guilds", "0013_access_changed")]

    operations = [migrations.RenameField("member", "confirmed_at", "member_read_at")]
