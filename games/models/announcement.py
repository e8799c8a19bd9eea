"""The message in Discord that announces a game."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from games.models.game import Game
from notifications.models import new_nonce

THREAD_NAME_MAX = 100  # characters, Discord's limit


def thread_name(title: str) -> str:
    """Return what a thread of a game with this title is called."""
    return title[:THREAD_NAME_MAX].strip()


class PostProblem(models.TextChoices):
    """Why a post is missing or out of date, for rules; `games.posts.problems` says it to people."""

    DELETED = "deleted"  # and its host has yet to say whether it is put back
    CHANNEL_DELETED = "channel_deleted"
    MISSING_PERMISSION = "missing_permission"
    MAYBE_POSTED = "maybe_posted"
    REFUSED = "refused"
    NOT_ARCHIVED = "not_archived"
    OTHER = "other"  # rows from before there were codes, with a sentence


class PublishProblem(models.TextChoices):
    """Why a post was not sent to the servers that follow its channel."""

    MISSING_PERMISSION = "missing_permission"
    REFUSED = "refused"


class PostForm(models.TextChoices):
    """What a message in Discord is made of, which an edit cannot change."""

    EMBED = "embed"  # posts from before there were components
    COMPONENTS = "components"


class Announcement(models.Model):
    """The message that announces a game: where it is, what it shows, and why it is missing."""

    game = models.OneToOneField(Game, models.CASCADE, related_name="announcement")
    channel = models.ForeignKey("guilds.Channel", models.PROTECT, related_name="+")
    message_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    application_id = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("The bot that posted it."))
    shown_version = models.PositiveIntegerField(default=0)
    nonce = models.CharField(
        max_length=25, default=new_nonce, help_text=gettext_lazy("Makes posting it twice harmless.")
    )
    form = models.CharField(
        max_length=10,
        choices=PostForm.choices,
        default=PostForm.COMPONENTS,
        help_text=gettext_lazy("What its message is made of."),
    )
    thread_name = models.CharField(
        max_length=100, blank=True, help_text=gettext_lazy("What its thread in a forum is called.")
    )
    post_deleted_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When it was found deleted in Discord.")
    )
    published_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When it was sent to the servers that follow its channel.")
    )
    publish_problem_code = models.CharField(max_length=20, blank=True, choices=PublishProblem.choices)
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When it was last seen to be there.")
    )
    deletion_number = models.BigIntegerField(
        default=0, help_text=gettext_lazy("Counts the deletions that its host decides about.")
    )
    problem_code = models.CharField(max_length=20, blank=True, choices=PostProblem.choices)
    problem = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What Discord said to it."))

    def __str__(self) -> str:
        return f"Announcement of {self.game}"

    @property
    def url(self) -> str | None:
        """Return the message's address in Discord, or None while it is not posted."""
        if self.message_id is None:
            return None
        place = f"{self.channel.guild_id}/{self.message_channel_id}/{self.message_id}"
        return f"{settings.DISCORD_BROWSER_URL}/channels/{place}"

    @property
    def pending_archive_id(self) -> int | None:
        """Return the id of the archive channel if the post still has to move there, else None."""
        archive = self.game.settings.archive_channel_id if self.game.archived_at is not None else 0
        return archive if archive and archive != self.channel_id else None

    @property
    def message_channel_id(self) -> int:
        """Return the id of the channel that holds the message: in a forum, its own thread.

        Other messages about the game belong there too.
        """
        return (self.message_id if self.channel.is_forum else None) or self.channel_id

    @property
    def thread_title(self) -> str:
        """Return the name that the post's thread should have; '' outside forums."""
        return thread_name(self.game.title) if self.channel.is_forum else ""

    def set_problem(self, code: PostProblem, refusal: str = "") -> None:
        """Set why it is missing or out of date, with what Discord said if it refused. Does not save."""
        self.problem_code, self.problem = code, refusal[:200]

    def clear_problem(self) -> None:
        """Set that nothing is wrong. Does not save."""
        self.problem_code = self.problem = ""

    def reset_message(self) -> None:
        """Forget the posted message, and take a new nonce.

        With the old nonce, Discord would return the old message.
        """
        self.message_id, self.nonce, self.thread_name = None, new_nonce(), ""
        self.form = PostForm.COMPONENTS
