"""The texts and buttons of a post, within Discord's limits: the bot sends them, and pages show them before it does."""

from itertools import accumulate

from django.utils.translation import gettext

from games.confirmations.wording import CHANGED
from games.core.escaping import cut_message, escape_markdown
from games.core.states import State
from games.posts import wording
from games.posts.announcement import AnnouncementView, PeopleList
from guilds.languages import in_its_language

TEXT_TOTAL = 4000  # characters of all texts of a message together, Discord's limit
TITLE_SHOWN = 400  # characters of an escaped title
FEW_PEOPLE = 8  # up to how many have a line each
DESCRIPTION_CUT = 500  # characters of a long one in a preview
PEOPLE_RESERVED = 200  # characters kept for each list of people, however long the texts before it are


def notified_roles(view: AnnouncementView) -> str:
    """Return the roles that stand above a post: in every version, else whom the first one pinged would look for why."""
    return " ".join(f"<@&{role}>" for role in view.notified_role_ids)


@in_its_language
def post_buttons(view: AnnouncementView) -> list[tuple[str, str]]:
    """Return the sign-up buttons for what can be done now: each action with its label."""
    if not view.may_sign_up:
        return []
    joins = [("join", gettext(view.join_label))] if view.join_label else []
    answers = [(name, gettext(wording.BUTTONS[name])) for name in ("maybe", "cant") if joins and view.takes_responses]
    return [*joins, *answers, ("leave", gettext(wording.BUTTONS["leave"]))]


@in_its_language
def post_texts(view: AnnouncementView, room: int) -> list[str]:
    """Return the texts in the order in which they are shown, `room` characters in all; '' for one without room.

    The head always fits. Each list of people has some room reserved; what matters more takes the rest first.
    """
    head, lists = _head(view), view.people_lists
    left = room - len(head) - PEOPLE_RESERVED * len(lists)
    changes = f"**{CHANGED}**\n" + "\n".join(view.change_lines) if view.change_lines else ""
    # A preview has no page yet on which the rest could be read.
    cut = wording.read_more(view.url) if view.url else cut_message(view.description, DESCRIPTION_CUT)
    wanted = {
        "changes": (changes, ""),
        "sign_up": (view.signup_text, ""),
        "description": (view.description, cut),
        "facts": (_facts(view), ""),
        "rewards": (wording.rewards(view.rewards) if view.rewards else "", ""),
    }
    shown = {}
    for name, texts in wanted.items():
        shown[name] = next((text for text in texts if len(text) <= left), "")
        left -= len(shown[name])
    people = []
    for one in lists:
        left += PEOPLE_RESERVED
        people.append(_people(one, view.url, left))
        left -= len(people[-1])
    return [head, shown["description"], shown["changes"], *people, shown["sign_up"], shown["rewards"], shown["facts"]]


def _head(view: AnnouncementView) -> str:
    """Return the title, the state unless sign-ups are open, the start, and the place."""
    # The title is a link, in which Discord makes no other.
    title = escape_markdown(view.title, TITLE_SHOWN, live_addresses=False)
    title = f"[{title}]({view.url})" if view.url else title
    lines = [f"### ~~{title}~~" if view.state is State.CANCELLED else f"### {title}"]
    if view.state is not State.SCHEDULED:
        lines.append(f"**{escape_markdown(view.state_text)}**")
    lines += [f"{view.start_text} · {view.duration_text}", view.location]
    return "\n".join(filter(None, lines))


def _facts(view: AnnouncementView) -> str:
    """Return the small print: who hosts, how it repeats, reminders, calendars."""
    links = wording.calendar_links(view.calendar_url, view.google_url) if view.calendar_url else ""
    voice = f"<#{view.voice_channel_id}>" if view.voice_channel_id is not None else ""
    words = [wording.hosted_by(escape_markdown(view.host_name)), voice, view.repeats_text]
    words += [wording.reminders(view.reminders_text) if view.reminders_text else "", links]
    return "-# " + " · ".join(filter(None, words))


def _people(people: PeopleList, url: str, room: int) -> str:
    """Return a list of people under its heading: a line each for a few, else one after the other."""
    heading = f"**{people.heading}**\n"
    few = len(people.lines) <= FEW_PEOPLE
    names = [f"{number}. {line}" for number, line in enumerate(people.lines, 1)] if few else people.lines
    separator, room = "\n" if few else " · ", room - len(heading)
    if not names:
        return heading + people.empty_text
    # Not from the last name: of a thousand who wait, some hundred fit.
    most = sum(total <= room for total in accumulate(len(name) + len(separator) for name in names)) + 1
    for shown in range(min(most, len(names)), -1, -1):
        more = [wording.more_people(len(names) - shown, url)] if shown < len(names) else []
        text = separator.join([*names[:shown], *more])
        if len(text) <= room:
            return heading + text
    return heading.rstrip()
