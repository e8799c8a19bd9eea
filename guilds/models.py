"""People, guilds, their channels, roles and members, each under Discord's own id.

Only `guilds.directory.upsert` writes these tables (people set their own zone and language, managers a guild's). What
Discord no longer has gets `bot_removed_at`, `deleted_at` or `left_at` and stays, because past games refer to it. A
scheduled task deletes a guild with all its rows when the bot left it long ago.
"""

import zoneinfo
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import JSONObject, Now
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from gamesched.lib.zones import find_zone, zone_info
from guilds.names import shown_name
from guilds.tint import tint_version

# https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags
ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
READ_MESSAGE_HISTORY = 1 << 16
MANAGE_CHANNELS = 1 << 4
MANAGE_MESSAGES = 1 << 13
CONNECT = 1 << 20
MANAGE_ROLES = 1 << 28
MANAGE_EVENTS = 1 << 33
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
SEND_MESSAGES_IN_THREADS = 1 << 38
CREATE_EVENTS = 1 << 44
PIN_MESSAGES = 1 << 51

# What a game's announcement needs in its channel, by the names Discord's own settings show there. Embed Links stays:
# posts from before there were layouts are edited as embeds, which takes it, and Discord does not document whether a
# layout's pictures, which are addresses, take it too.
ANNOUNCE_PERMISSIONS = {
    VIEW_CHANNEL: gettext_noop("View Channel"),
    SEND_MESSAGES: gettext_noop("Send Messages"),
    EMBED_LINKS: gettext_noop("Embed Links"),
}
# A forum has no nonces: to know whether a post exists already, the bot must read the forum.
FORUM_PERMISSIONS = {
    VIEW_CHANNEL: gettext_noop("View Channel"),
    SEND_MESSAGES: gettext_noop("Create Posts"),
    SEND_MESSAGES_IN_THREADS: gettext_noop("Send Messages in Posts"),
    EMBED_LINKS: gettext_noop("Embed Links"),
    READ_MESSAGE_HISTORY: gettext_noop("Read Message History"),
}
THREAD_PERMISSIONS = {
    VIEW_CHANNEL: gettext_noop("View Channel"),
    SEND_MESSAGES_IN_THREADS: gettext_noop("Send Messages in Threads"),
    EMBED_LINKS: gettext_noop("Embed Links"),
    READ_MESSAGE_HISTORY: gettext_noop("Read Message History"),
}
MISSING_TAG_TEXT = gettext_noop("a tag that it may use")  # where a forum requires one

# https://docs.discord.com/developers/resources/channel#channel-object-channel-types
VOICE, ANNOUNCEMENT_CHANNEL, FORUM = 2, 5, 15
GAME_CHANNEL_TYPES = (0, ANNOUNCEMENT_CHANNEL, FORUM)  # text and announcement channels and forums, for announcements
THREAD_TYPES = (10, 11)  # threads in announcement channels and public threads, for announcements too


def check_zone(value: str) -> None:
    """Raise ValidationError unless the value is the name of an IANA time zone."""
    if find_zone(value) != value:
        text = _("“%(value)s” isn't a time zone. Choose one such as Europe/Berlin.")
        raise ValidationError(text % {"value": value})


SOMEBODY_NAME = "Someone"  # what a person is called who had themselves forgotten
SOMEBODY_NAMES = frozenset({SOMEBODY_NAME, "Somebody"})  # the second stands in rows from before


class UserManager(BaseUserManager["User"]):
    """Creates operators (`createsuperuser`); `guilds.directory.upsert` creates Discord people."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, handle=fields.pop("handle", username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Discord people have their snowflake as key; operators get 1, 2, ….

    `username` is the key as text for Discord people: unique for ever, unlike Discord's own names.
    """

    id = models.BigAutoField(primary_key=True)
    username = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("The Discord id, or an operator's log-in.")
    )
    handle = models.CharField(
        max_length=64, help_text=gettext_lazy("The person's Discord username. Not unique over time.")
    )
    global_name = models.CharField(max_length=64, blank=True, help_text=gettext_lazy("The name they show everywhere."))
    avatar = models.CharField(max_length=64, blank=True, help_text=gettext_lazy("Discord's hash of their picture."))
    zone = models.CharField(
        max_length=64, blank=True, validators=[check_zone], help_text=gettext_lazy("The time zone they read times in.")
    )
    language = models.CharField(
        max_length=12,
        blank=True,
        help_text=gettext_lazy("The language they chose. Empty: Discord's, or their browser's."),
    )
    discord_locale = models.CharField(
        max_length=12, blank=True, help_text=gettext_lazy("The language of their Discord, as it last told.")
    )
    dm_channel_id = models.BigIntegerField(
        null=True, blank=True, help_text=gettext_lazy("Their direct-message channel with the bot, once opened.")
    )
    dm_closed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=gettext_lazy("Since when they take no direct messages; until they are heard of."),
    )
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When they had themselves forgotten, and are not back since.")
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        gettext_lazy("operator"), default=False, help_text=gettext_lazy("May log in to this admin.")
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = gettext_lazy("person")
        verbose_name_plural = gettext_lazy("people")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """Return their name outside any guild: global name, else handle; one that shows something."""
        return shown_name(self.global_name, self.handle, user_id=self.pk)

    @property
    def avatar_url(self) -> str:
        """Return the URL of their picture, or of one of Discord's defaults."""
        return avatar_url(self.pk, self.avatar)

    @property
    def tzinfo(self) -> zoneinfo.ZoneInfo:
        """Return the zone they read times in; UTC until they choose."""
        return zone_info(self.zone)


def avatar_url(user_id: int, avatar: str, size: int = 64) -> str:
    """Return the CDN URL of a picture. https://discord.com/developers/docs/reference#image-formatting"""
    if avatar:
        return f"{settings.DISCORD_CDN_URL}/avatars/{user_id}/{avatar}.png?size={size}"
    return f"{settings.DISCORD_CDN_URL}/embed/avatars/{(user_id >> 22) % 6}.png"


def member_avatar_url(guild_id: int, user_id: int, avatar: str, size: int = 64) -> str:
    """A picture in one guild. https://discord.com/developers/docs/reference#image-formatting"""
    return f"{settings.DISCORD_CDN_URL}/guilds/{guild_id}/users/{user_id}/avatars/{avatar}.png?size={size}"


class GuildQuerySet(models.QuerySet["Guild"]):
    def present(self) -> "GuildQuerySet":
        """Return guilds that the bot is in, outages included."""
        return self.filter(bot_removed_at=None)

    def visible_to(self, user: User) -> "GuildQuerySet":
        """Return guilds that this person may see: those they are a member of."""
        return self.present().filter(members__user=user, members__left_at=None)


class Guild(models.Model):
    """A Discord server."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    icon = models.CharField(max_length=64, blank=True)
    icon_colour = models.CharField(
        max_length=7, blank=True, help_text=gettext_lazy("What its icon shows most of, as #rrggbb.")
    )
    coloured_icon = models.CharField(
        max_length=64, blank=True, help_text=gettext_lazy("The icon that the colour is of.")
    )
    owner_id = models.BigIntegerField()
    language = models.CharField(
        max_length=12,
        blank=True,
        help_text=gettext_lazy("The language its managers chose. Empty: the one Discord has for it."),
    )
    preferred_locale = models.CharField(
        max_length=12, blank=True, help_text=gettext_lazy("The language Discord has for it.")
    )
    unavailable = models.BooleanField(
        default=False, help_text=gettext_lazy("Discord reports an outage of this server.")
    )
    synced_at = models.DateTimeField(null=True, blank=True)
    bot_removed_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When the bot was removed from it.")
    )
    welcomed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=gettext_lazy("When its owner was told how to set it up, since the bot is in it."),
    )

    objects: ClassVar[models.Manager["Guild"]] = models.Manager.from_queryset(GuildQuerySet)()

    class Meta:
        verbose_name = gettext_lazy("server")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def icon_url(self) -> str | None:
        return f"{settings.DISCORD_CDN_URL}/icons/{self.pk}/{self.icon}.png?size=64" if self.icon else None

    @property
    def colour(self) -> str:
        """Return the colour of its icon, as #rrggbb; '' without one."""
        return self.icon_colour if self.icon else ""

    @property
    def tint_url(self) -> str:
        """Return the address of the stylesheet with its accent; '' without a colour."""
        if not self.colour:
            return ""
        return f"{reverse('guild-tint', args=[self.pk])}?v={tint_version(self.colour)}"


class ChannelQuerySet(models.QuerySet["Channel"]):
    def for_announcements(self) -> "ChannelQuerySet":
        """Return channels of a type that games can be announced in. Threads are separate: see `open_threads`."""
        return self.filter(deleted_at=None, type__in=GAME_CHANNEL_TYPES)

    def open_threads(self) -> "ChannelQuerySet":
        """Return threads that are neither deleted, archived nor locked."""
        return self.filter(deleted_at=None, type__in=THREAD_TYPES, archived=False, locked=False)

    def with_settings(self) -> "ChannelQuerySet":
        """Select the rows that a channel's settings come from."""
        return self.select_related("defaults", "parent__defaults")


class Channel(models.Model):
    """A channel of a guild, or a public thread in one, with the bot's permissions in it.

    Threads are many. One that Discord no longer lists counts as archived, and a message opens it again. Only one
    with a delete event counts as deleted.
    """

    id = models.BigIntegerField(primary_key=True)
    guild = models.ForeignKey(Guild, models.PROTECT, related_name="channels", verbose_name=gettext_lazy("server"))
    name = models.CharField(max_length=100)
    type = models.SmallIntegerField()
    category = models.CharField(
        max_length=100, blank=True, help_text=gettext_lazy("The name of the category that shows it.")
    )
    qualifier = models.CharField(
        max_length=100,
        blank=True,
        help_text=gettext_lazy("What tells it from another channel of the same name, if there is one."),
    )
    position = models.IntegerField(default=0)
    bot_permissions = models.BigIntegerField(
        default=0, help_text=gettext_lazy("Discord's permission bits of the bot here.")
    )
    overwrites = models.JSONField(
        default=list,
        blank=True,
        help_text=gettext_lazy("What roles and members may here: [id, allowed bits, denied bits] of each."),
    )
    lacks_tag = models.BooleanField(
        default=False, help_text=gettext_lazy("A forum requires a tag, and has none for the bot.")
    )
    tags = models.JSONField(
        default=list,
        blank=True,
        help_text=gettext_lazy("A forum's tags: [id, name, whether only moderators apply it] of each."),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="threads",
        help_text=gettext_lazy("The channel of a thread."),
    )
    archived = models.BooleanField(
        default=False, help_text=gettext_lazy("A thread that was closed, as happens by age.")
    )
    locked = models.BooleanField(default=False, help_text=gettext_lazy("A thread in which only moderators write."))
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Channel"]] = models.Manager.from_queryset(ChannelQuerySet)()

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return f"#{self.name} ({self.qualifier})" if self.qualifier else f"#{self.name}"

    @property
    def is_forum(self) -> bool:
        """Return whether a message here starts a thread, which has the message's id."""
        return self.type == FORUM

    @property
    def settings_channel(self) -> "Channel":
        """Return the channel with the settings that apply: for a thread, its parent."""
        return self.parent or self

    def bot_has(self, bit: int) -> bool:
        """Return whether the bot has one of Discord's permissions here."""
        return bool(self.bot_permissions & (bit | ADMINISTRATOR))

    @property
    def missing_permissions(self) -> list[str]:
        """Return the permissions that the bot lacks to announce a game here, by Discord's names."""
        needed = FORUM_PERMISSIONS if self.is_forum else THREAD_PERMISSIONS if self.parent_id else ANNOUNCE_PERMISSIONS
        missing = [_(name) for bit, name in needed.items() if not self.bot_has(bit)]
        return [*missing, _("Manage Threads")] if self.locked and not self.bot_has(MANAGE_THREADS) else missing

    @property
    def missing_requirements(self) -> list[str]:
        """Return all that the bot lacks to announce a game here, in words."""
        return [*self.missing_permissions, *([_(MISSING_TAG_TEXT)] if self.lacks_tag else [])]

    @property
    def is_hopeless(self) -> bool:
        """Return whether another attempt to post here would fail like the last."""
        return bool(self.missing_requirements) or self.deleted_at is not None


class Role(models.Model):
    """A role of a guild; the one with the guild's own id is @everyone."""

    id = models.BigIntegerField(primary_key=True)
    guild = models.ForeignKey(Guild, models.PROTECT, related_name="roles", verbose_name=gettext_lazy("server"))
    name = models.CharField(max_length=100)
    position = models.IntegerField(default=0)
    permissions = models.BigIntegerField(default=0)
    is_bot_managed = models.BooleanField(
        gettext_lazy("came with a bot"),
        default=False,
        db_default=False,
        help_text=gettext_lazy("No person can have it, so no setting offers it."),
    )
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-position", "id")

    def __str__(self) -> str:
        return self.name


class InArray(models.Func):
    """Whether an array column has a value: `InArray(value, array)`."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()


class MemberQuerySet(models.QuerySet["Member"]):
    def with_role_permissions(self) -> "MemberQuerySet":
        """Read each member's roles in the same statement, for `Member.role_permissions`, deleted ones too."""
        own = models.Q(pk=models.OuterRef("guild_id")) | models.Q(InArray(models.F("pk"), models.OuterRef("role_ids")))
        roles = Role.objects.filter(own, guild=models.OuterRef("guild_id")).order_by()
        columns = JSONObject(id="pk", permissions="permissions", deleted_at="deleted_at")
        return self.annotate(roles_read=ArraySubquery(roles.values(role=columns)))

    def with_block(self) -> "MemberQuerySet":
        """Read until when the guild blocks each member in the same statement, for `Member.is_blocked`."""
        blocks = Block.objects.filter(guild=models.OuterRef("guild_id"), user=models.OuterRef("user_id")).order_by()
        return self.annotate(block_ends=ArraySubquery(blocks.values("until")))

    def named(self, text: str) -> "MemberQuerySet":
        """Keep the members one of whose names holds a text."""
        names = models.Q(nick__icontains=text) | models.Q(user__global_name__icontains=text)
        return self.filter(names | models.Q(user__handle__icontains=text))


class Member(models.Model):
    """A person in a guild: their nick, picture and roles there."""

    guild = models.ForeignKey(Guild, models.PROTECT, related_name="members", verbose_name=gettext_lazy("server"))
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    nick = models.CharField(max_length=64, blank=True)
    avatar = models.CharField(max_length=64, blank=True)
    role_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    member_read_at = models.DateTimeField(help_text=gettext_lazy("When Discord last said that they are a member."))
    roles_read_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When their roles were last read.")
    )
    pending = models.BooleanField(
        default=False, help_text=gettext_lazy("Has not passed the server's membership screening.")
    )
    timed_out_until = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Until when a time-out keeps them silent.")
    )
    left_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Member"]] = models.Manager.from_queryset(MemberQuerySet)()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["guild", "user"], name="one_membership_per_guild_and_user"),)

    def __str__(self) -> str:
        return self.display_name

    @cached_property
    def role_permissions(self) -> dict[int, int]:
        """Return the permission bits of @everyone and of each of their roles, by role id."""
        return {role["id"]: role["permissions"] for role in self._stored_roles if role["deleted_at"] is None}

    @property
    def deleted_role_ids(self) -> set[int]:
        """Return those of their roles that Discord has deleted since it was asked about them."""
        return {role["id"] for role in self._stored_roles if role["deleted_at"] is not None}

    @cached_property
    def _stored_roles(self) -> list[dict[str, Any]]:
        if hasattr(self, "roles_read"):
            return list(self.roles_read)
        roles = Role.objects.filter(pk__in=[self.guild_id, *self.role_ids], guild_id=self.guild_id)
        return [
            {"id": pk, "permissions": bits, "deleted_at": at}
            for pk, bits, at in roles.values_list("pk", "permissions", "deleted_at")
        ]

    def is_blocked(self, now: datetime) -> bool:
        """Return whether the guild blocks them from signing up at the moment."""
        if not hasattr(self, "block_ends"):
            return Block.objects.in_force(now).filter(guild_id=self.guild_id, user_id=self.user_id).exists()
        return any(until is None or until > now for until in self.block_ends)

    @property
    def display_name(self) -> str:
        """Return the guild nick, else the global name, else the handle."""
        return shown_name(self.nick, self.user.global_name, self.user.handle, user_id=self.user_id)

    @property
    def avatar_url(self) -> str:
        """Return the URL of their picture in this guild, else of their own."""
        return member_avatar_url(self.guild_id, self.user_id, self.avatar) if self.avatar else self.user.avatar_url


class BlockQuerySet(models.QuerySet["Block"]):
    def in_force(self, now: datetime) -> "BlockQuerySet":
        """Return the blocks that have not ended."""
        return self.filter(models.Q(until=None) | models.Q(until__gt=now))


class SentForm(models.Model):
    """A form of a page that did what it is for, with its result: sent again, it does nothing and has that result."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    content = models.CharField(max_length=64, help_text=gettext_lazy("A hash of what it said."))
    text = models.TextField(blank=True)
    address = models.TextField(blank=True)
    sent_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_form"),)

    def __str__(self) -> str:
        return self.key


class Block(models.Model):
    """Bars a person from signing up in a guild, for a time or for good. No one else is notified."""

    guild = models.ForeignKey(Guild, models.PROTECT, related_name="blocks", verbose_name=gettext_lazy("server"))
    user = models.ForeignKey(User, models.PROTECT, related_name="blocks", verbose_name=gettext_lazy("person"))
    until = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("Empty: for good."))
    reason = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("For those who manage the server."))
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Block"]] = models.Manager.from_queryset(BlockQuerySet)()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["guild", "user"], name="one_block_per_guild_and_user"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.guild}"
