from django.apps import AppConfig


class DiscordLoginConfig(AppConfig):
    name = "guilds.discord_login"
    label = "discord_login"
