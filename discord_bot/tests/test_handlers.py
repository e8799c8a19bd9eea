"""The bot has every handler that buttons and commands call."""

import inspect
from typing import get_type_hints

from discord_bot import bot
from discord_bot.interactions.handlers import Handlers


def as_handlers(client: bot.Bot) -> Handlers:
    """Let mypy prove it, with every argument."""
    return client


def test_the_bot_fits_the_protocol() -> None:
    assert get_type_hints(as_handlers)["return"] is Handlers
    source = inspect.getsource(bot.Bot.__init__)
    assert [name for name in vars(Handlers) if not name.startswith("_") and f"self.{name} =" not in source] == []
