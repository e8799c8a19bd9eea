"""The post of a game that is being typed, as Discord will show it; nothing is saved and nobody is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from games.core import wording as core_wording
from games.core.permissions import Viewer, load_viewer
from games.core.rules import DESCRIPTION_MAX
from games.core.seating import current_signups
from games.core.settings import GAME_SETTINGS
from games.core.text import GuildTexts
from games.models import Game, Signup
from games.pages.shortcuts import forbidden, get_visible_game_or_404, host_required_response, typed_context
from games.pictures.addresses import ShownPicture, drawn_cover, shown_picture
from games.posts import wording as post_wording
from games.posts.announcement import AnnouncementView, announcement_view
from games.posts.post_texts import TEXT_TOTAL, notified_roles, post_buttons, post_texts
from games.scheduling import wording
from games.scheduling.forms import TypedForm
from games.scheduling.rules import TITLE_MAX, Plan, check_plan, tidy_plan
from games.signups.participants import parse_names
from gamesched.lib.clock import db_now
from gamesched.lib.ids import MAX_ID
from guilds.http import ViewerRequest
from guilds.models import Channel, Guild, Member, User
from guilds.names import tidy_line, without_unstorable

UNKNOWN_START = timedelta(days=1)  # ahead: where a start stands for one that is not typed yet


@login_required
@require_POST
def preview_new(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show the post of a new game as typed so far."""
    guild = get_object_or_404(Guild.objects.visible_to(request.user).select_related("defaults"), pk=guild_id)
    viewer = load_viewer(request.user, guild.pk)
    if not viewer.may_schedule:
        return host_required_response(request, guild)
    return _render(request, TypedForm(request.POST, guild=guild, viewer=viewer), viewer)


@login_required
@require_POST
def preview_edited(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Show the post of a game as it would be with what is typed so far."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(core_wording.NOT_YOURS))
    return _render(request, TypedForm(request.POST, guild=game.guild, game=game, viewer=viewer), viewer)


def _render(request: ViewerRequest, form: TypedForm, viewer: Viewer) -> HttpResponse:
    now = db_now()
    context = typed_context(request, form, now) | {"post": post_preview(form, viewer, now), "guild": form.guild}
    return render(request, f"games/post_preview.html{'#post' if request.htmx else ''}", context)


@dataclass(frozen=True)
class Meter:
    """How much of a limit is used."""

    label: str
    used: int
    most: int

    @property
    def high(self) -> int:
        """Return from where on it is nearly used up."""
        return self.most * 9 // 10

    @property
    def text(self) -> str:
        return wording.meter(self.used, self.most)

    @property
    def is_over(self) -> bool:
        return self.used > self.most


@dataclass(frozen=True)
class PostPreview:
    """A post for a page, in the order in which Discord shows it, its texts as HTML; `notes` say what differs."""

    notes: tuple[str, ...]
    meters: tuple[Meter, ...]
    roles: str = ""
    head: str = ""
    thumbnail: str = ""
    cover: ShownPicture | None = None
    drawn_cover: str = ""
    texts: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


def post_preview(form: TypedForm, viewer: Viewer, now: datetime) -> PostPreview:
    """Return the post of a form as typed, by what writes all posts; what is wrong with it is left out and named."""
    form.is_valid()
    old_start = form.game.starts_at if form.game is not None else None
    game = _game_as_typed(form, viewer, now)
    title, description = (str(form.data.get(name, "")) for name in ("title", "description"))
    meters = [
        Meter(gettext(wording.TITLE_METER), len(title.strip()), TITLE_MAX),
        Meter(gettext(wording.DESCRIPTION_METER), len(description.replace("\r\n", "\n").strip()), DESCRIPTION_MAX),
    ]
    if game is None:
        return PostPreview((gettext(wording.NO_PREVIEW),), tuple(meters))
    view = announcement_view(game, now, _signups_as_typed(form, game, now))
    roles = notified_roles(view)
    texts = post_texts(view, TEXT_TOTAL - len(roles))
    meters.append(Meter(gettext(wording.POST_METER), len(roles) + sum(map(len, texts)), TEXT_TOTAL))
    notes = _notes(form, game, now, old_start)
    if view.description and texts[1] != view.description:
        notes = (*notes, gettext(wording.DESCRIPTION_CUT))
    # On a page, links would leave what is typed; a game that is not there has none yet.
    shown = post_texts(replace(view, url="", calendar_url="", google_url=""), TEXT_TOTAL - len(roles))
    reader = GuildTexts(game.guild_id, viewer=viewer, now=now)
    head, *others = (reader.message_as_html(text) for text in shown)
    cover, drawn = _cover(game, view)
    return PostPreview(
        notes=notes,
        meters=tuple(meters),
        roles=reader.message_as_html(roles),
        head=head,
        thumbnail=_thumbnail(game, view),
        cover=cover,
        drawn_cover=drawn,
        texts=tuple(text for text in others if text),
        buttons=(*(label for _, label in post_buttons(view)), gettext(post_wording.OPEN)),
    )


def _thumbnail(game: Game, view: AnnouncementView) -> str:
    picture = shown_picture(game.settings.thumbnail) if view.thumbnail_url else None
    return picture.address if picture is not None else view.host_avatar_url


def _cover(game: Game, view: AnnouncementView) -> tuple[ShownPicture | None, str]:
    """Return the cover; and, where one will be drawn that is not yet, what says so."""
    if not view.image_url:
        return None, ""
    if chosen := shown_picture(game.settings.cover):
        return chosen, ""
    is_drawn = game.pk and not Game.objects.filter(pk=game.pk).exclude(title=game.title).exists()
    return (drawn_cover(game), "") if is_drawn else (None, gettext(wording.DRAWN_COVER))


def _plan(form: TypedForm, game: Game) -> Plan:
    return tidy_plan(
        Plan(game.title, game.description, game.starts_at, game.zone, game.channel_id, settings=form.settings())
    )


def _notes(form: TypedForm, game: Game, now: datetime, old_start: datetime | None) -> tuple[str, ...]:
    refusal = check_plan(_plan(form, game), now, old_start)
    wrong = {*form.errors} | (refusal.fields.keys() if refusal is not None else set())
    if game.title == gettext(wording.UNTITLED):
        wrong -= {"title"}  # it is yet to be typed, and the preview shows that
    labels = [str(form[name].label) for name in form.fields if name in wrong]
    return (wording.not_previewed(labels),) if labels else ()


def _game_as_typed(form: TypedForm, viewer: Viewer, now: datetime) -> Game | None:
    """Return a game, not to be saved, as a form says it as far as it can be read; None without a channel."""
    data = form.cleaned_data
    channel = _channel(form)
    if channel is None:
        return None
    game = form.game or Game(id=0, guild=form.guild, host=_host(form, viewer), created_at=now, zone="UTC")
    if form.game is None or "starts_at" in data:
        game.starts_at = data.get("starts_at") or (now + UNKNOWN_START).replace(minute=0, second=0, microsecond=0)
        game.zone = data.get("zone") or game.zone
    game.title = tidy_line(without_unstorable(str(form.data.get("title", "")))) or gettext(wording.UNTITLED)
    game.description = data.get("description", "")
    game.channel = channel
    game.template = next((one for one in form.templates if one.pk == data.get("template")), None)
    for name, value in form.settings().items():
        if name in GAME_SETTINGS:
            setattr(game, name, list(value) if isinstance(value, tuple) else value)
    game.drop_cached_settings()
    game.ends_at = game.starts_at + timedelta(minutes=game.settings.duration)
    game.announced_at = game.announced_at or now
    game.announce_at = None
    return game


def _host(form: TypedForm, viewer: Viewer) -> User:
    """Return who will host a new game: whom a manager chose, else the viewer."""
    ids = [token.user_id for token in parse_names(form.cleaned_data.get("host", "")) if token.user_id]
    if not ids or ids[0] > MAX_ID or not viewer.manages:
        return viewer.person
    member = Member.objects.filter(guild=form.guild, left_at=None, user=ids[0]).select_related("user").first()
    return member.user if member is not None else viewer.person


def _channel(form: TypedForm) -> Channel | None:
    wanted = form.cleaned_data.get("channel")
    chosen = next((one for one in form.channels if one.pk == wanted), None)
    if chosen is not None or form.game is not None:
        return chosen or (form.game.channel if form.game is not None else None)
    return form.channels[0] if form.channels else None


def _signups_as_typed(form: TypedForm, game: Game, now: datetime) -> Sequence[Signup]:
    """Return who is in the game, and who is named, in their order; names that are nobody's for sure are left out."""
    signups = current_signups(game) if form.game is not None else []
    free = (game.settings.seats or len(signups) + 1000) - sum(one.seated_at is not None for one in signups)
    there = {one.user_id for one in signups if one.user_id}
    for number, named in enumerate(_people_as_typed(form)):
        if named.get("user_id") in there:
            continue
        seated_at = now if number < free else None
        signups.append(Signup(game=game, order_key=number, joined_at=now, seated_at=seated_at, **named))
    return signups


def _people_as_typed(form: TypedForm) -> Iterator[dict[str, Any]]:
    tokens = parse_names(str(form.cleaned_data.get("participants", "")), most=100)
    members = {one.user_id for one in form.known_people}
    for token in tokens:
        if token.user_id is not None and token.user_id in members:
            yield {"user_id": token.user_id}
        elif token.user_id is None and token.name_prefix is None:
            yield {"placeholder": token.text[:100]}
