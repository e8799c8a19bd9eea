"""Wording about the calendar to subscribe to."""

CALENDAR_NAME = "Games"

NEW_ADDRESS = "Here is your address. Subscribe to it in your calendar."

REPLACED = "Here is your new address. The old one shows nothing any more."

STOPPED = "The address is deleted. Calendars that had it show nothing new."

NO_ADDRESS = "There was no address to delete."
