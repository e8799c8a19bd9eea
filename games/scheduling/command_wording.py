"""All wording of the commands in Discord that run a game."""

ONLY_IN_SERVER = "That works only in a server. Here, use /game mine."
NO_POST = "That isn't a game's post. Use it on one."
CHOOSE_GAME = "Choose the game from the list that opens."
SIGN_UP_TITLE, WHO_LABEL = "Sign someone up", "Who"
NO_DELIVERIES = "We haven't notified anyone yet."
NO_BOTS = "Bots don't play. Choose someone else."


def games_with(name: str) -> str:
    """Return the title of the upcoming games that somebody takes part in."""
    return f"Upcoming games with {name}"


def no_games_with(name: str) -> str:
    return f"{name} is in no upcoming game that you can see."


def edit_on_web(title: str, url: str) -> str:
    return f"Edit “{title}” here, or name what changes: title, when, seats, duration.\n{url}"


def settings_links(settings_url: str, notifications_url: str) -> str:
    """Return where settings are; `settings_url` is '' for who does not manage the server."""
    own = f"Your notifications here: {notifications_url}"
    return f"Settings of this server: {settings_url}\n{own}" if settings_url else own


def notification_line(title: str, text: str, at: str) -> str:
    """Return one line of who was told what; `at` as Discord shows it."""
    return f"**{title}** {at}: {text}"


def recipient_line(name: str, text: str) -> str:
    return f"  {name}: {text}"
