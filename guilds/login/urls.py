"""URLs `discord_login` and `discord_callback`, named as by allauth's own provider."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from guilds.login.provider import DiscordProvider

urlpatterns = default_urlpatterns(DiscordProvider)
