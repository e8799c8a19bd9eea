"""What hosts do with the people in a game, each by one button or a small form on its page."""
