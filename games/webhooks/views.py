"""The pages of webhooks, for a server's managers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from games.api.middleware import DOCS
from games.core.base import Actor
from games.models import Webhook
from games.pages.shortcuts import actor, add_refusal, redirect_once
from games.server_settings.views import for_managers
from games.webhooks import actions, wording
from games.webhooks.forms import WebhookForm
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult, perform_once

Action = Callable[[int, Actor, datetime], str]


@for_managers
@require_http_methods(["GET", "POST"])
def webhooks(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List a server's webhooks, and make another; its secret is shown this once."""
    form, made = WebhookForm(request.POST if request.method == "POST" else None), list[Webhook]()
    if request.method == "POST" and form.is_valid():

        def act() -> FormResult:
            data = form.cleaned_data
            made.append(actions.create_webhook(guild.pk, data["url"], data["events"], actor(request), db_now()))
            return FormResult(wording.SHOWN_ONCE, reverse("guild-webhook", args=[guild.pk, made[0].pk]))

        try:
            perform_once(request, act)
            form = WebhookForm()
        except Refused as refused:
            add_refusal(form, refused)
    context = {"guild": guild, "form": form, "webhooks": actions.webhooks_of(guild.pk), "made": made, "docs": DOCS}
    return render(request, "games/webhooks.html", context, status=422 if form.errors else 201 if made else 200)


@for_managers
@require_http_methods(["GET", "POST"])
def webhook(request: ViewerRequest, guild: Guild, webhook_id: int) -> HttpResponse:
    """Show a webhook with its log, and change it."""
    found = _webhook_or_404(guild, webhook_id)
    if request.method == "GET":
        return _page(request, guild, found, WebhookForm({"url": found.url, "events": found.events}))
    form = WebhookForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            text = actions.change_webhook(found.pk, data["url"], data["events"], actor(request), db_now())
            flash.success(request, gettext(text))
            return redirect("guild-webhook", guild.pk, found.pk)
        except Refused as refused:
            add_refusal(form, refused)
    return _page(request, guild, found, form)


@for_managers
@require_POST
def new_secret(request: ViewerRequest, guild: Guild, webhook_id: int) -> HttpResponse:
    """Give a webhook another secret, and show it this once."""
    found, made = _webhook_or_404(guild, webhook_id), list[Webhook]()

    def act() -> FormResult:
        made.append(actions.renew_secret(found.pk, actor(request), db_now()))
        return FormResult(wording.SHOWN_ONCE, reverse("guild-webhook", args=[guild.pk, found.pk]))

    try:
        perform_once(request, act)
    except Refused:
        raise Http404 from None
    form = WebhookForm({"url": found.url, "events": found.events})
    return _page(request, guild, made[0], form, secret=made[0].secret)


@for_managers
@require_POST
def test(request: ViewerRequest, guild: Guild, webhook_id: int) -> HttpResponse:
    """Send a webhook a test."""
    return _run(request, guild, webhook_id, actions.send_test)


@for_managers
@require_POST
def pause(request: ViewerRequest, guild: Guild, webhook_id: int) -> HttpResponse:
    """Pause a webhook."""
    return _run(request, guild, webhook_id, actions.pause_webhook)


@for_managers
@require_POST
def resume(request: ViewerRequest, guild: Guild, webhook_id: int) -> HttpResponse:
    """Resume a webhook."""
    return _run(request, guild, webhook_id, actions.resume_webhook)


@for_managers
@require_POST
def delete(request: ViewerRequest, guild: Guild, webhook_id: int) -> HttpResponse:
    """Delete a webhook."""
    return _run(request, guild, webhook_id, actions.delete_webhook, reverse("guild-webhooks", args=[guild.pk]))


@for_managers
@require_POST
def again(request: ViewerRequest, guild: Guild, webhook_id: int, request_id: int) -> HttpResponse:
    """Send once more what the log holds."""
    return _run(request, guild, webhook_id, lambda pk, who, now: actions.send_again(pk, request_id, who, now))


def _run(
    request: ViewerRequest, guild: Guild, webhook_id: int, action: Action, address: str | None = None
) -> HttpResponse:
    found = _webhook_or_404(guild, webhook_id)
    page = address or reverse("guild-webhook", args=[guild.pk, found.pk])
    try:
        return redirect_once(request, lambda: FormResult(action(found.pk, actor(request), db_now()), page))
    except Refused as refused:
        if refused.refusal.code.startswith("unknown"):
            raise Http404 from None
        flash.error(request, refused.refusal.sentence)
        return redirect(page)


def _webhook_or_404(guild: Guild, webhook_id: int) -> Webhook:
    return get_object_or_404(actions.webhooks_of(guild.pk), pk=webhook_id)


def _page(request: ViewerRequest, guild: Guild, found: Webhook, form: WebhookForm, **context: Any) -> HttpResponse:
    log = [(one, wording.answer_text(one)) for one in actions.log_of(found)]
    context = {"secret": "", "docs": DOCS, **context, "guild": guild, "webhook": found, "form": form, "log": log}
    status = 422 if form.errors else 201 if context["secret"] else 200
    return render(request, "games/webhook.html", context, status=status)
