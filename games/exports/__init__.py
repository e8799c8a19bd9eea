"""A way out: a server's games as one archive that others read, and the sign-ups of a game as a table."""
