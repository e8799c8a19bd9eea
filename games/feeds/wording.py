"""Wording about the calendars to subscribe to."""

CALENDAR_NAME = "Games"

NEW_ADDRESS = "Here is your address. Subscribe to it in your calendar."

REPLACED = "Here is your new address. The old one shows nothing any more."

STOPPED = "The address is deleted. Calendars that had it show nothing new."

NO_ADDRESS = "There was no address to delete."

TOO_OFTEN = "This calendar is fetched too often. Fetch it again in a minute."

OWN_GAMES = "Your games"

HIDDEN = "Games that you cannot see any more"


def of_guild(name: str, guild: str) -> str:
    """Return what tells a channel or a template of a guild from the same in another."""
    return f"{name} · {guild}"


def all_games_of(guild: str) -> str:
    return f"All games of {guild}"
