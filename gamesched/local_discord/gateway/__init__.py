"""The gateway: sessions over web sockets, and which events each receives."""
