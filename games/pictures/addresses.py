"""The addresses of pictures. Whoever has one sees the picture, as Discord does; nobody can guess one."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from games.core.setting_kinds import PICTURE_NAME
from games.core.settings import PostPicture
from games.models import Game
from games.pictures import drawing
from gamesched.lib.addresses import is_public_host
from guilds.models import Guild


@dataclass(frozen=True)
class ShownPicture:
    """A picture on a page: its address, and its size in pixels."""

    address: str
    width: int
    height: int
    is_drawn: bool = False


def shown_picture(name: str) -> ShownPicture | None:
    """Return a stored picture by its name; None for ''."""
    size = PICTURE_NAME.fullmatch(name)
    if size is None:
        return None
    return ShownPicture(reverse("picture", args=[name]), int(size["width"]), int(size["height"]))


def small_address(name: str) -> str:
    """Return the address of a stored picture in small, for lists; '' for ''."""
    return reverse("picture-small", args=[name]) if PICTURE_NAME.fullmatch(name) else ""


def drawing_mark(game: Game, letters: bool = True) -> str:
    """Return what a game's cover is drawn from, as its address says it: nobody but this site can say it.

    Of this game alone: else whoever gave a game of theirs a title could ask whether one hidden from them has it too.
    """
    # Not of what is drawn today, so that the addresses in posts stay right.
    kind = "1" if letters else "1 plain"
    return _keyed("games.pictures.address", f"{kind} {game.guild_id} {game.pk} {game.title}")


def drawn_from(game: Game, letters: bool = True) -> str:
    """Return what a cover is drawn from, as it is stored: the same of all games with this title in this server."""
    kind = drawing_version(game.guild) if letters else f"{drawing_version(game.guild)} plain"
    return _keyed("games.pictures.drawn", f"{kind} {game.guild_id} {game.title}")


def drawing_version(guild: Guild) -> str:
    """Return what changes how covers of a server are drawn: the address of each says it, so none shows two pictures."""
    return f"{drawing.VERSION}{guild.colour.removeprefix('#')}"


def _keyed(salt: str, text: str) -> str:
    return salted_hmac(salt, text, algorithm="sha256").hexdigest()


def drawn_cover(game: Game, letters: bool = True) -> ShownPicture:
    """Return the cover that is drawn for a game."""
    address = f"{reverse('picture-drawn', args=[game.pk, drawing_mark(game, letters)])}?v={drawing_version(game.guild)}"
    return ShownPicture(address, drawing.WIDTH, drawing.HEIGHT, is_drawn=True)


def cover_of(game: Game) -> ShownPicture:
    """Return the cover of a game's page: the chosen one, or a drawn one without the title, which stands below it."""
    return shown_picture(game.settings.cover) or drawn_cover(game, letters=False)


def small_of(game: Game) -> str:
    """Return the address of a game's picture in lists; '' for a game without."""
    return small_address(game.settings.thumbnail or game.settings.cover)


def post_pictures(game: Game) -> tuple[str, str]:
    """Return the addresses of the image and of the thumbnail that a game's post shows; '' for none."""
    wanted = game.settings.post_picture
    if wanted is PostPicture.NONE or not is_reachable():
        return "", ""
    cover, thumbnail = shown_picture(game.settings.cover), shown_picture(game.settings.thumbnail)
    if cover is None and wanted is PostPicture.DRAWN:
        cover = drawn_cover(game)
    image, small = (settings.PUBLIC_URL + one.address if one is not None else "" for one in (cover, thumbnail))
    return image, small


def is_reachable() -> bool:
    """Return whether Discord can fetch pictures from this site; in a network at home it cannot."""
    if settings.DISCORD_IS_LOCAL:
        return True
    address = urlsplit(settings.PUBLIC_URL)
    return address.scheme == "https" and is_public_host(address.hostname or "")
