from django.apps import AppConfig


class DiscordLoginConfig(AppConfig):
    name = "guilds.login"
    label = "discord_login"
