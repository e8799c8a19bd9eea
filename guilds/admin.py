"""The admin for people, servers, channels, roles and members. Discord owns these tables, so they are read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from guilds.admin_site import ChoosableMixin, GuildScopedAdmin, SuperuserOnlyMixin, empty_filter, is_superuser
from guilds.models import Channel, Guild, Member, Role, User

# What Django calls its two rights, in words that say what they give here.
RIGHTS = {
    "is_active": (gettext_lazy("May log in"), gettext_lazy("Untick to keep them out.")),
    "is_superuser": (gettext_lazy("Operator"), gettext_lazy("Sees and changes everything here.")),
}


@admin.register(User)
class UserAdmin(SuperuserOnlyMixin, ChoosableMixin, admin.ModelAdmin):
    """Admin for people. Discord's fields are read-only; superusers grant the rights in this admin.

    Those who manage a guild see no people here, only its members. They may choose among these in forms.
    """

    list_display = ("display_name", "handle", "id", "zone", "is_superuser")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("handle", "global_name", "username")
    readonly_fields = ("id", "username", "handle", "global_name", "dm_channel_id", "last_login")
    # Neither Django's `is_staff` nor its permissions by table give anybody anything here.
    fields = (*readonly_fields, "zone", "is_active", "is_superuser")
    ordering = ("handle", "pk")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in RIGHTS:
            field.label, field.help_text = RIGHTS[db_field.name]
        return field

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def choices(self, request: HttpRequest) -> QuerySet[User]:
        """Return the members of the guilds that the viewer manages; everyone for a superuser."""
        people: QuerySet[User] = super().get_queryset(request)
        return people if is_superuser(request) else people.filter(pk__in=self._members(request).values("user"))

    def _members(self, request: HttpRequest) -> QuerySet[Member]:
        ids = self.admin_site.guild_ids(request)
        return Member.objects.filter(guild__in=ids, left_at=None)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Redirect those who manage a guild to the member's page. The admin itself links to the person."""
        if is_superuser(request):
            return super().change_view(request, object_id, *args, **kwargs)
        member = self._members(request).filter(user__username=object_id).first()
        if member is None:
            raise Http404
        return redirect("admin:guilds_member_change", member.pk)


@admin.register(Guild)
class GuildAdmin(GuildScopedAdmin):
    guild_path = "pk"
    list_display = ("name", "members_now", "games_to_come", "unavailable", "synced_at", "bot_removed_at")
    list_filter = (
        "unavailable",
        (
            "bot_removed_at",
            empty_filter(gettext_noop("the bot"), gettext_noop("is in it"), gettext_noop("was removed")),
        ),
    )
    search_fields = ("name", "id")
    search_help_text = gettext_lazy("Search by name or Discord id.")
    ordering = ("name", "pk")
    fields = ("name", "id", "owner_id", "unavailable", "synced_at", "bot_removed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Guild]:
        upcoming = Q(games__cancelled_at=None, games__ends_at__gt=Now())
        rows: QuerySet[Guild] = super().get_queryset(request)
        # Joined, each member would be counted with each game.
        members = Member.objects.filter(guild=OuterRef("pk"), left_at=None).order_by().values("guild")
        return rows.annotate(
            n_members=Coalesce(Subquery(members.annotate(n=Count("pk")).values("n")), 0),
            n_games=Count("games", filter=upcoming),
        )

    @admin.display(description=gettext_lazy("members"), ordering="n_members")
    def members_now(self, guild: Any) -> int:
        return int(guild.n_members)

    @admin.display(description=gettext_lazy("upcoming games"), ordering="n_games")
    def games_to_come(self, guild: Any) -> int:
        return int(guild.n_games)

    def choices(self, request: HttpRequest) -> QuerySet[Guild]:
        return self.get_queryset(request).filter(bot_removed_at=None)


@admin.register(Channel)
class ChannelAdmin(GuildScopedAdmin):
    guild_path, channel_path = "guild", "pk"
    list_display = ("__str__", "guild", "ready_for_games", "deleted_at")
    list_filter = (
        "guild",
        ("deleted_at", empty_filter(gettext_noop("in Discord"), gettext_noop("there"), gettext_noop("deleted"))),
    )
    search_fields = ("name", "guild__name")
    search_help_text = gettext_lazy("Search by name.")
    list_select_related = ("guild",)
    ordering = ("guild__name", "position", "pk")
    fields = ("name", "category", "id", "guild", "ready_for_games", "deleted_at")
    readonly_fields = ("ready_for_games",)

    @admin.display(description=gettext_lazy("for announcements"))
    def ready_for_games(self, channel: Channel) -> str:
        if missing := channel.missing_requirements:
            return _("the bot lacks %(permissions)s") % {"permissions": ", ".join(missing)}
        return _("yes")

    def choices(self, request: HttpRequest) -> QuerySet[Channel]:
        """Return the channels and threads that games can be announced in."""
        channels, threads = Channel.objects.for_announcements(), Channel.objects.open_threads()
        rows = self.get_queryset(request)
        return rows.filter(Q(pk__in=channels.values("pk")) | Q(pk__in=threads.values("pk")))


@admin.register(Role)
class RoleAdmin(GuildScopedAdmin):
    guild_path = "guild"
    list_display = ("name", "guild", "position", "permissions", "deleted_at")
    list_filter = (
        "guild",
        ("deleted_at", empty_filter(gettext_noop("in Discord"), gettext_noop("there"), gettext_noop("deleted"))),
    )
    search_fields = ("name", "guild__name")
    search_help_text = gettext_lazy("Search by name.")
    list_select_related = ("guild",)


@admin.register(Member)
class MemberAdmin(GuildScopedAdmin):
    guild_path = "guild"
    list_display = ("display_name", "handle", "guild", "member_read_at", "left_at")
    list_filter = (
        "guild",
        ("left_at", empty_filter(gettext_noop("membership"), gettext_noop("member"), gettext_noop("left"))),
    )
    search_fields = ("nick", "user__handle", "user__global_name", "=user__username")
    search_help_text = gettext_lazy("Search by any name or Discord id.")
    list_select_related = ("guild", "user")
    ordering = ("user__handle", "pk")
    fields = (
        "display_name",
        "handle",
        "discord_id",
        "guild",
        "roles",
        "member_read_at",
        "roles_read_at",
        "left_at",
    )
    readonly_fields = ("display_name", "handle", "discord_id", "roles")

    @admin.display(description=gettext_lazy("Discord username"), ordering="user__handle")
    def handle(self, member: Member) -> str:
        return member.user.handle

    @admin.display(description=gettext_lazy("Discord id"))
    def discord_id(self, member: Member) -> str:
        return str(member.user_id)

    @admin.display
    def roles(self, member: Member) -> str:
        names = Role.objects.filter(pk__in=member.role_ids, guild_id=member.guild_id).values_list("name", flat=True)
        return ", ".join(names) or _("none")
