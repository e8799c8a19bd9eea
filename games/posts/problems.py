"""Why a game's post is missing or out of date, as a sentence in the reader's language."""

from django.utils.translation import gettext

from games.core import wording
from games.models import Game
from games.models.announcement import PostProblem
from games.posts import wording as post_wording
from games.posts.archive import archive_problem_now


def announcement_problem(game: Game) -> str:
    """Return what is wrong with a game's post, by its code and what holds now; '' for nothing."""
    post = game.announcement
    name = post.channel.name
    match post.problem_code:
        case "":
            return ""
        case PostProblem.DELETED:
            return gettext(wording.POST_DELETED)
        case PostProblem.CHANNEL_DELETED:
            return wording.channel_deleted(name)
        case PostProblem.MISSING_PERMISSION:
            return wording.not_announced(post.message_id is not None, name, post.channel.missing_requirements)
        case PostProblem.MAYBE_POSTED:
            return wording.maybe_announced(name)
        case PostProblem.REFUSED:
            return wording.refused_by_discord(post.problem)
        case PostProblem.NOT_ARCHIVED if post.problem:
            return post_wording.archive_refused(post.problem)
        case PostProblem.NOT_ARCHIVED:
            return archive_problem_now(game)
    return post.problem
