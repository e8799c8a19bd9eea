from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0013_ring_by_row")]

    operations = [migrations.RenameField("heartbeat", "heard_at", "last_event_at")]
