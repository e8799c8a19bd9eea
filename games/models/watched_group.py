"""The groups of open pages, of which triggers notify."""

from django.db import models


class WatchedGroup(models.Model):
    """A game or guild that an open page shows, in some web process: "game.42" or "guild.7".

    A change of any other game notifies nobody, since a commit with a NOTIFY waits for all others with one. The table is
    not logged: after a crash it is empty, and each web process, whose connection ended too, writes its groups again.
    """

    name = models.CharField(max_length=32, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
