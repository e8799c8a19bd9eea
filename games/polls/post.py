"""A poll's post as a plain view-model, within Discord's limits; Discord's components are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from games.core.wording import timestamp
from games.models import PollState, PostForm, TimePoll, TimePollOption
from games.polls import wording
from guilds.display_names import display_names
from guilds.languages import in_language_of_guild, language_of_guild

TITLE_SHOWN = 256
# People named at each time, by 23 characters each: ten times stay within the 4000 of a message's texts.
PEOPLE_SHOWN = 12


@dataclass(frozen=True)
class PollChoice:
    """One time that people can tick: its id, and its label in the poll's zone, as a select shows no timestamps."""

    option_id: int
    label: str
    description: str
    ticked: bool = False  # by whom it is shown to alone


@dataclass(frozen=True)
class PollPost:
    """What a poll's post shows. `lines` are in Discord's markup; `game_url` is '' unless it is a game by now."""

    poll_id: int
    title: str
    url: str
    state: PollState
    host_name: str
    host_avatar_url: str
    lines: tuple[str, ...]
    end_text: str
    choices: tuple[PollChoice, ...] = ()
    may_become_game: bool = False
    game_url: str = ""
    form: PostForm = PostForm.COMPONENTS
    language: str = ""  # its guild's

    @property
    def text(self) -> str:
        """Return the text for places without layouts: a terminal, a push message."""
        return "\n".join([self.title, *self.lines, self.end_text, self.url])


def poll_post(poll: TimePoll, voters: Mapping[int, Sequence[int]], now: datetime) -> PollPost:
    """Return the contents of a poll's post at `now`, in its guild's language."""
    with in_language_of_guild(poll.guild):
        return _poll_post(poll, voters, now)


def _poll_post(poll: TimePoll, voters: Mapping[int, Sequence[int]], now: datetime) -> PollPost:
    state, options = poll.state(now), list(poll.options.all())
    to_come = [one for one in options if one.starts_at > now]
    is_open = state is PollState.OPEN
    host = display_names(poll.guild_id, [poll.host_id])[poll.host_id]
    return PollPost(
        poll_id=poll.pk,
        title=poll.title[:TITLE_SHOWN],
        url=poll.url,
        state=state,
        host_name=host.text,
        host_avatar_url=host.avatar_url,
        lines=tuple(_line(one, voters.get(one.pk, ()), one.pk == poll.winner_id) for one in options),
        end_text=wording.closes_text(poll.closes_at, poll.quorum)
        if is_open
        else wording.result_text(state, poll.winner.starts_at if poll.winner is not None else None),
        choices=poll_choices(poll, options, voters, now) if is_open else (),
        may_become_game=bool(to_come) and state in {PollState.OPEN, PollState.CLOSED},
        game_url=poll.game.url if poll.game is not None else "",
        language=language_of_guild(poll.guild),
    )


def poll_choices(
    poll: TimePoll,
    options: Sequence[TimePollOption],
    voters: Mapping[int, Sequence[int]],
    now: datetime,
    ticked_by: int | None = None,
) -> tuple[PollChoice, ...]:
    """Return the times to come that people can tick; those that one person has ticked are marked for them."""
    return tuple(
        PollChoice(
            one.pk,
            wording.option_label(one.starts_at, poll.zone),
            wording.count_text(len(voters.get(one.pk, ()))),
            ticked_by in voters.get(one.pk, ()),
        )
        for one in options
        if one.starts_at > now
    )


def _line(option: TimePollOption, people: Sequence[int], wins: bool) -> str:
    mark = "🏆 " if wins else ""
    line = f"{mark}{timestamp(option.starts_at)} · **{len(people)}**"
    if not people:
        return line
    names = " ".join(f"<@{pk}>" for pk in people[:PEOPLE_SHOWN])
    more = f" +{len(people) - PEOPLE_SHOWN}" if len(people) > PEOPLE_SHOWN else ""
    return f"{line}\n{names}{more}"
