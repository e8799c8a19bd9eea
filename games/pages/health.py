"""What is wrong in a guild, with what to do for each: permissions, posts, agendas, messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils.translation import gettext

from games.core.permissions import Viewer
from games.deliveries.actions import RESENDABLE
from games.deliveries.report import COUNT_WINDOW, guild_deliveries, undelivered
from games.models import Agenda, Announcement, GameTemplate
from games.models.layers import is_open, is_set_up
from games.pages import health_wording as words
from games.pages.invite import invite_url
from games.posts.problems import announcement_problem
from games.posts.wording import PUBLISH_PROBLEMS
from games.server_settings.doctor import diagnose
from games.server_settings.wording import agenda_problem, permission_advice
from guilds.models import Channel, Guild
from notifications.heartbeat import bot_silence
from notifications.models import DeliveryStatus

LATE = timedelta(minutes=5)  # after a message was due
POSTS_NAMED = 5  # of the upcoming games whose post is missing or out of date


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, what to do about it, and where."""

    text: str
    advice: str
    url: str = ""
    link_text: str = ""


@dataclass(frozen=True)
class Messages:
    """The messages of the last days: how many arrived, failed and came late."""

    sent: int
    failed: int
    late: int
    worst: timedelta


@dataclass(frozen=True)
class Health:
    """How a guild is doing: one sentence, and what is wrong."""

    problems: list[Problem]
    channels: list[Channel]  # open for games, with what the bot lacks there
    messages: Messages

    @property
    def text(self) -> str:
        return words.summary(len(self.problems))


def check_health(guild: Guild, viewer: Viewer, now: datetime) -> Health:
    """Return how a guild is doing, in about fifteen statements whatever its size."""
    channels = [
        channel
        for channel in guild.channels.for_announcements().select_related("defaults")
        if is_open(channel) and viewer.may_view(channel)
    ]
    messages = _messages(viewer, now)
    problems = [
        *_connection(guild, now),
        *_setup(guild, channels),
        *_features(guild, viewer, now),
        *_posts(guild, viewer, now),
        *_agendas(guild, viewer),
        *_templates(guild, viewer),
        *_deliveries(guild, messages),
    ]
    return Health(problems, channels, messages)


def _messages(viewer: Viewer, now: datetime) -> Messages:
    recent = guild_deliveries(viewer).filter(notification__due_at__gt=now - COUNT_WINDOW).order_by()
    late = Q(lateness_ms__gt=LATE.total_seconds() * 1000)
    sent = recent.filter(status=DeliveryStatus.SENT)
    counts = sent.aggregate(sent=Count("pk"), late=Count("pk", filter=late), worst=Max("lateness_ms"))
    failed = undelivered(recent).filter(status__in=RESENDABLE).count()
    return Messages(counts["sent"], failed, counts["late"], timedelta(milliseconds=counts["worst"] or 0))


def _connection(guild: Guild, now: datetime) -> Iterator[Problem]:
    if bot_silence(now) is not None:
        yield Problem(gettext(words.BOT_SILENT), gettext(words.BOT_SILENT_ADVICE))
    if guild.unavailable:
        yield Problem(gettext(words.OUTAGE), gettext(words.OUTAGE_ADVICE))


def _setup(guild: Guild, channels: list[Channel]) -> Iterator[Problem]:
    setup = reverse("guild-setup", args=[guild.pk])
    if not is_set_up(guild):
        yield Problem(gettext(words.NOT_SET_UP), gettext(words.NOT_SET_UP_ADVICE), setup, gettext(words.SET_UP))
    if not channels:
        yield Problem(
            gettext(words.NO_CHANNEL),
            gettext(words.NO_CHANNEL_ADVICE),
            f"{setup}#channels",
            gettext(words.CHECK_CHANNELS),
        )
    for channel in channels:
        if channel.missing_requirements:
            yield Problem(
                words.bot_lacks(str(channel), channel.missing_requirements),
                permission_advice(str(channel), channel.missing_permissions, channel.lacks_tag),
                f"{setup}#channel-{channel.pk}",
                gettext(words.CHECK_CHANNEL),
            )


def _features(guild: Guild, viewer: Viewer, now: datetime) -> Iterator[Problem]:
    diagnosis = diagnose(guild, now)
    if not diagnosis.is_lacking:
        return
    invite = invite_url(guild.pk, diagnosis.permissions)
    for name, lacks in diagnosis.lines:
        if lacks:
            yield Problem(words.feature_lacks(name, lacks), gettext(words.FEATURE_ADVICE), invite, gettext(words.GIVE))
    names = viewer.channel_names
    for pk, lacks in diagnosis.channel_lacks.items():
        if pk in names and pk not in viewer.hidden_channel_ids:
            yield Problem(words.bot_lacks(names[pk], lacks), permission_advice(names[pk], lacks, False))


def _posts(guild: Guild, viewer: Viewer, now: datetime) -> Iterator[Problem]:
    posts = (
        Announcement.objects.filter(game__guild=guild, game__ends_at__gt=now, game__cancelled_at=None)
        .exclude(problem_code="", publish_problem_code="")
        .exclude(game__channel__in=viewer.hidden_channel_ids)
        .select_related("game", "channel")
        .order_by("game__starts_at", "game_id")
    )
    for post in posts[:POSTS_NAMED]:
        unpublished = gettext(PUBLISH_PROBLEMS.get(post.publish_problem_code, ""))
        text = announcement_problem(post.game) or unpublished or gettext(words.POST_PROBLEM)
        yield Problem(
            words.of_game(post.game.title, text),
            gettext(words.POST_ADVICE),
            post.game.get_absolute_url(),
            gettext(words.OPEN),
        )


def _agendas(guild: Guild, viewer: Viewer) -> Iterator[Problem]:
    for agenda in Agenda.objects.filter(guild=guild).exclude(problem_code="").select_related("channel"):
        channel = agenda.channel
        text = agenda_problem(agenda.problem_code, channel.missing_permissions)
        if text and viewer.may_view(channel):
            url = reverse("guild-channel", args=[guild.pk, channel.pk])
            yield Problem(words.of_channel(str(channel), text), "", url, gettext(words.OPEN_CHANNEL))


def _templates(guild: Guild, viewer: Viewer) -> Iterator[Problem]:
    rows = GameTemplate.objects.filter(guild=guild, deleted_at=None, channel__deleted_at__isnull=False)
    for template in rows.select_related("channel"):
        if viewer.may_see_template(template):
            url = reverse("template", args=[guild.pk, template.pk]) + "?edit=channel"
            yield Problem(
                words.template_channel_deleted(template.name),
                gettext(words.TEMPLATE_ADVICE),
                url,
                gettext(words.CHOOSE),
            )


def _deliveries(guild: Guild, messages: Messages) -> Iterator[Problem]:
    if messages.failed:
        url = reverse("guild-messages", args=[guild.pk]) + "?show=undone"
        yield Problem(words.messages_failed(messages.failed), gettext(words.FAILED_ADVICE), url, gettext(words.SHOW))
    if messages.late:
        yield Problem(words.messages_late(messages.late, messages.worst), gettext(words.LATE_ADVICE))
