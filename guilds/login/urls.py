"""`discord_login` and `discord_callback`, as allauth's own provider names them."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from guilds.login.provider import DiscordProvider

urlpatterns = default_urlpatterns(DiscordProvider)
