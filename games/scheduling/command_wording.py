"""All wording of the commands in Discord that run a game."""

ONLY_IN_SERVER = "That works only in a server. Here you can use /game mine."
NO_POST = "That is no announcement of a game. Use it on one."
CHOOSE_GAME = "Choose the game from the list that opens."
SIGN_UP_TITLE, WHO_LABEL = "Sign somebody up", "Who"
NO_DELIVERIES = "Nobody was told anything yet."
NO_BOTS = "Bots play no games. Choose somebody else."


def games_with(name: str) -> str:
    """Return the title of the games to come that somebody takes part in."""
    return f"Games to come with {name}"


def no_games_with(name: str) -> str:
    return f"{name} is in no game to come that you can see."


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
