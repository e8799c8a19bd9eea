from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class GuildsConfig(AppConfig):
    name = "guilds"
    verbose_name = "Servers and people"

    def ready(self) -> None:
        autodiscover_modules("personal_data")
