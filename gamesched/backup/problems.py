"""What keeps a backup from being made or restored."""


class BackupProblem(Exception):
    """Why there is no backup, or none was restored, in one sentence, and what to do in another."""
