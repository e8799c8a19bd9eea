"""The operator's page about deliveries: the queue, lateness, failures, and the pause."""

import math
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from games.deliveries import wording as delivery_wording
from gamesched.lib.clock import db_now
from gamesched.lib.durations import time_span
from guilds.admin_site import is_superuser
from guilds.http import ViewerRequest
from notifications import probe, report
from notifications.daemon import pause
from notifications.heartbeat import is_overdue
from notifications.report import HourReport

REASONS_SHOWN = 20
# The chart's inner size; its scale is logarithmic, from a tenth of a second to an hour.
WIDTH, HEIGHT, FAILURES = 960, 200, 60
CHART_MIN, CHART_MAX = 0.1, 3600.0  # seconds
GRID = ((1.0, "1 s"), (10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"), (3600.0, "1 h"))


@dataclass(frozen=True)
class Bar:
    """One hour of the chart, in the chart's coordinates; heights of None are not drawn."""

    hour: HourReport
    x: float
    width: float
    p50: float | None
    p99: float | None
    failed: float | None


@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    """Show how deliveries go. For superusers."""
    if not is_superuser(request):
        raise Http404
    now = db_now()
    hours, queue, reasons = report.hourly_reports(now), report.queue_report(now), report.skip_reasons(now)
    context = {
        **admin.site.each_context(request),
        "title": "Deliveries",
        "queue": queue,
        "oldest": time_span(queue.oldest) if queue.oldest else "",
        "heartbeats": [
            (
                heartbeat,
                f"{time_span(now - heartbeat.at)} ago",
                is_overdue(heartbeat, now),
                delivery_wording.no_events(silence) if (silence := probe.silence(heartbeat.last_event_at, now)) else "",
            )
            for heartbeat in report.heartbeats()
        ],
        "paused_guilds": report.paused_guilds(),
        "skip_reasons": reasons[:REASONS_SHOWN],
        "other_reasons": sum(count for _, count in reasons[REASONS_SHOWN:]),
        "hours": hours[::-1],
        "chart": chart_context(hours),
    }
    return TemplateResponse(request, "admin/deliveries.html", context)


@require_POST
def resume(request: ViewerRequest) -> HttpResponse:
    """End the pause. For superusers."""
    if not is_superuser(request):
        raise Http404
    if pause.current_pause() is None:
        messages.warning(request, delivery_wording.NOT_PAUSED)
    else:
        dropped = pause.resume(request.user.username, db_now())
        messages.success(request, delivery_wording.resumed(dropped))
    return HttpResponseRedirect(reverse("admin:deliveries"))


def chart_context(hours: list[HourReport]) -> dict[str, Any]:
    """Return the coordinates of the chart's bars; the template draws them."""
    step = WIDTH / len(hours)
    max_failed = max(hour.failed for hour in hours)
    bars = [
        Bar(
            hour,
            x=round(index * step + step * 0.15, 1),
            width=round(step * 0.7, 1),
            p50=_height(hour.p50),
            p99=_height(hour.p99),
            failed=round(max(hour.failed / max_failed * FAILURES, 3.0), 1) if hour.failed else None,
        )
        for index, hour in enumerate(hours)
    ]
    ticks = [(round(bar.x + bar.width / 2, 1), bar.hour.begin) for bar in bars if bar.hour.begin.hour % 12 == 0]
    grid = [(HEIGHT - (_height(seconds) or 0), label) for seconds, label in GRID]
    return {
        "bars": bars,
        "ticks": ticks,
        "grid": grid,
        "max_failed": max_failed,
        "text": delivery_wording.chart_text(
            sum(hour.sent for hour in hours), sum(hour.failed for hour in hours), _worst(hours)
        ),
    }


def _height(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    part = math.log(min(max(seconds, CHART_MIN), CHART_MAX) / CHART_MIN) / math.log(CHART_MAX / CHART_MIN)
    return round(max(part * HEIGHT, 2.0), 1)


def _worst(hours: list[HourReport]) -> float | None:
    return max((hour.p99 for hour in hours if hour.p99 is not None), default=None)
