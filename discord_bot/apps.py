from django.apps import AppConfig


class DiscordBotConfig(AppConfig):
    name = "discord_bot"
    verbose_name = "Discord bot"
