"""Counts of passwords tried, which hold across processes and restarts."""

from django.db import models


class PasswordTries(models.Model):
    """How many passwords were tried for a name, from an address, or by a browser that knew the password before."""

    key = models.CharField(max_length=80, primary_key=True, help_text="What is counted; names as a digest.")
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(help_text="When counting begins anew. Further tries do not move it.")

    def __str__(self) -> str:
        return self.key
