"""Where what pages say once is kept until it was read."""

from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils.translation import gettext


class TranslatedStorage(FallbackStorage):
    """Django's; a sentence that is a constant is translated as it is said."""

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        super().add(level, gettext(message) if isinstance(message, str) else message, extra_tags)
