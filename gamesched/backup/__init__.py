"""Backups of the database: made, verified, kept for a while, and restored."""
