"""Handlers of the HTTP API, by subject."""
