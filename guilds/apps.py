from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy


class GuildsConfig(AppConfig):
    name = "guilds"
    verbose_name = gettext_lazy("Servers and people")

    def ready(self) -> None:
        autodiscover_modules("personal_data")
