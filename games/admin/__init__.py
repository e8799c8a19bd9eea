"""The operator's door to games, one file for each subject. It calls verbs; nothing here writes a table."""

from games.admin import audit
from games.deliveries import admin as delivery_admin
from games.scheduling import admin as schedule_admin
from games.server_settings import admin as settings_admin
from games.hosts import admin as host_admin
from games.signups import admin as signup_admin

__all__ = ["audit", "deliveries", "games", "levels", "people", "signups"]
