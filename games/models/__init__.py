"""Games, their sign-ups, their announcements in Discord, and the audit log.

Only the actions of the feature folders write these tables. What follows from the clock (scheduled, in progress,
completed) is never stored; decisions (a seat, a cancellation) are, with their time.

Triggers on these tables tell open pages of changes: migrations 0002, 0004, 0011, 0021, 0028. Others write down what
webhooks are told: 0068. Whoever renames a column makes the functions anew that name it.
"""

from games.models.agenda import Agenda, AgendaGames, AgendaProblem
from games.models.announcement import Announcement, PostForm
from games.models.api_token import ApiScope, ApiToken
from games.models.audit import AuditEntry
from games.models.calendar_feed import CalendarFeed
from games.models.companion import CompanionKind, CompanionProblem, GameCompanion
from games.models.edit import GameEdit
from games.models.follow import Follow
from games.models.game import Game, GameQuerySet
from games.models.game_import import GameImport, ImportedGame
from games.models.person_note import PersonNote
from games.models.picture import Picture
from games.models.poll import PollState, TimePoll, TimePollOption, TimePollPost, TimePollVote
from games.models.series import Series, SeriesPlayer
from games.models.settings import ChannelDefaults, GuildDefaults
from games.models.signup import GameResponse, Signup, SignupQuerySet
from games.models.template import GameTemplate
from games.models.watched_group import WatchedGroup
from games.models.webhook import TEST_EVENT, Embed, PauseCode, RequestStatus, Webhook, WebhookEvent, WebhookRequest

__all__ = [
    "TEST_EVENT",
    "Agenda",
    "AgendaGames",
    "AgendaProblem",
    "Announcement",
    "ApiScope",
    "ApiToken",
    "AuditEntry",
    "CalendarFeed",
    "ChannelDefaults",
    "CompanionKind",
    "CompanionProblem",
    "Embed",
    "Follow",
    "Game",
    "GameCompanion",
    "GameEdit",
    "GameImport",
    "GameQuerySet",
    "GameResponse",
    "GameTemplate",
    "GuildDefaults",
    "ImportedGame",
    "PauseCode",
    "PersonNote",
    "Picture",
    "PollState",
    "PostForm",
    "RequestStatus",
    "Series",
    "SeriesPlayer",
    "Signup",
    "SignupQuerySet",
    "TimePoll",
    "TimePollOption",
    "TimePollPost",
    "TimePollVote",
    "WatchedGroup",
    "Webhook",
    "WebhookEvent",
    "WebhookRequest",
]
