"""What the local Discord remembers: guilds, people, channels, messages, limits."""
