"""Wording about the calendars to subscribe to."""

CALENDAR_NAME = "Games"

NEW_ADDRESS = "Here's your address. Subscribe to it in your calendar app."

REPLACED = "Here's your new address. The old one no longer works."

STOPPED = "The address is deleted. Calendars with it stop updating."

NO_ADDRESS = "That address is gone already."

TOO_OFTEN = "Too many fetches. Try this calendar again in a minute."

OWN_GAMES = "Your games"

HIDDEN = "Games hidden from you now"


def of_guild(name: str, guild: str) -> str:
    """Return what tells a channel or a template of a guild from the same in another."""
    return f"{name} · {guild}"


def all_games_of(guild: str) -> str:
    return f"All games of {guild}"
