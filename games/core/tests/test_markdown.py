"""Discord's markup on pages and in plain text: as Discord shows it, safe, with spoilers hidden, and quickly."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from time import thread_time
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.core.markdown import read_markdown
from games.core.markdown_html import HtmlWriter
from games.core.plain_text import MarkupReader, to_plain_text

NAMES = {("person", 1): "@Bob <i>", ("role", 5): "@GM", ("channel", 9): "#raids"}
READER = MarkupReader("Europe/Berlin", datetime(2029, 12, 30, tzinfo=UTC), NAMES)
LINK = '<a href="{0}" rel="nofollow noopener noreferrer">{0}</a>'
START = '<time datetime="2030-01-01T00:00:00+00:00"'
EXACT = "Tue 1 Jan 2030, 01:00 CET"


def html(text: str) -> str:
    return HtmlWriter(READER, itertools.count(1)).write(read_markdown(text))


def plain(text: str) -> str:
    return to_plain_text(text, READER)


@pytest.mark.parametrize(
    ("typed", "page", "text"),
    [
        ("**b** *i* _i_ __u__ ~~s~~", "<strong>b</strong> <em>i</em> <em>i</em> <u>u</u> <s>s</s>", "b i i u s"),
        ("***bi*** __**ub**__", "<strong><em>bi</em></strong> <u><strong>ub</strong></u>", "bi ub"),
        ("snake_case_word 2 * 3 * 4 a**b", "snake_case_word 2 * 3 * 4 a**b", "snake_case_word 2 * 3 * 4 a**b"),
        (r"\*no\* \<@1>", "*no* &lt;@1&gt;", "*no* <@1>"),
        ('<script>&"</script>', "&lt;script&gt;&amp;&quot;&lt;/script&gt;", '<script>&"</script>'),
        ("<:dice:123> <a:spin:1> :smile:", ":dice: :spin: :smile:", ":dice: :spin: :smile:"),
        ("a\nb\n\nc", "a<br>b<br><br>c", "a\nb\n\nc"),
        ("`a **b**` ``c ` d``", "<code>a **b**</code> <code>c ` d</code>", "a **b** c ` d"),
        ("x ```py\n<b>\n``` y", "x <pre><code>&lt;b&gt;</code></pre> y", "x \n<b>\n y"),
        ("# A\nb", '<h3 class="heading-1">A</h3>b', "A\nb"),
        ("## A *b*\n### C\n#### d\n#e", None, "A b\nC\n#### d\n#e"),
        ("-# small\nx", '<div class="subtext">small</div>x', "small\nx"),
        ("> a\n> **b**\nc", "<blockquote>a<br><strong>b</strong></blockquote>c", "a\nb\nc"),
        (">>> a\nb", "<blockquote>a<br>b</blockquote>", "a\nb"),
        (">a\n=> b", "&gt;a<br>=&gt; b", ">a\n=> b"),
        ("- a\n  - b\n- c\nd", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>d", "- a\n  - b\n- c\nd"),
        ("* a\n3. b\n4. c", '<ul><li>a</li></ul><ol start="3"><li>b</li><li>c</li></ol>', "- a\n3. b\n4. c"),
        ("-a\n1) b", "-a<br>1) b", "-a\n1) b"),
        ("<@1> <@!1> <@&5> <#9>", None, "@Bob <i> @Bob <i> @GM #raids"),
        ("<@2> <@&6> <#8>", None, "@unknown-user @unknown-role #No Access"),
        ("</game list:1> <id:customize>", None, "/game list #Channels & Roles"),
        (
            "https://e.io/a_b. (https://e.io)",
            f"{LINK.format('https://e.io/a_b')}. ({LINK.format('https://e.io')})",
            None,
        ),
        ("<https://e.io> www.e.io", f"{LINK.format('https://e.io')} www.e.io", "https://e.io www.e.io"),
        ("| a | b |\n|---|---|", "| a | b |<br>|---|---|", "| a | b |\n|---|---|"),
        ("&lt;b&gt; &amp;", "&amp;lt;b&amp;gt; &amp;amp;", "&lt;b&gt; &amp;"),
    ],
)
def test_markup(typed: str, page: str | None, text: str | None) -> None:
    assert page is None or html(typed) == page
    assert plain(typed) == (typed.replace("<", "").replace(">", "") if text is None else text)


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("[rules](https://e.io/a_(b))", "e.io"),
        ("[rules](<https://e.io:8000/x>)", "e.io:8000"),
        ('[rules](https://e.io/x "title")', "e.io"),
        ("[**ru**les](https://аррӏе.com)", "xn--80ak6aa92e.com"),
        ("![rules](https://e.io/x.png)", "e.io"),
    ],
)
def test_a_masked_link_shows_its_host(typed: str, host: str) -> None:
    assert f'</a> <span class="host">({host})</span>' in html(typed)
    assert 'rel="nofollow noopener noreferrer"' in html(typed)
    assert plain(typed).removeprefix("!") == f"rules ({host})"


@pytest.mark.parametrize(
    "typed",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](//e.io)",
        "[x](/games/1/)",
        "[x](ftp://e.io)",
        "[x](https://)",
        "[](https:// x)",
        "<javascript:alert(1)>",
        "javascript://e.io",
        "[x](java\nscript:alert(1))",
    ],
)
def test_other_schemes_are_no_links(typed: str) -> None:
    assert "<a" not in html(typed)


def test_a_masked_link_reads_as_no_other_host() -> None:
    for typed in (r"[bank](https://bank.example@evil.example)", r"[bank](https://bank.example\@evil.example)"):
        assert 'class="host"' not in html(typed)
        assert "bank</a>" not in html(typed)


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        (":F", EXACT),
        ("", "1 January 2030, 01:00 CET"),
        (":f", "1 January 2030, 01:00 CET"),
        (":D", "1 January 2030"),
        (":d", "1 Jan 2030"),
        (":T", "01:00:00 CET"),
        (":t", "01:00 CET"),
        (":s", "1 Jan 2030, 01:00 CET"),
        (":S", "1 Jan 2030, 01:00:00 CET"),
        (":R", "in 2 days"),
    ],
)
def test_times_are_in_the_readers_zone(style: str, shown: str) -> None:
    title = "" if shown == EXACT else f' title="{EXACT}"'
    assert html(f"<t:1893456000{style}>") == f"{START}{title}>{shown}</time>"


@pytest.mark.parametrize(
    "typed", ["<t:99999999999999:F>", "<t:-99999999999999>", "<t:253402300799:F>", "<t:1893456000:X>", "<t:>", "<t:1:>"]
)
def test_times_that_no_calendar_reaches_stay_text(typed: str) -> None:
    assert "<time" not in html(typed)
    assert plain(typed) == typed


def test_times_before_1970() -> None:
    assert plain("<t:-1:F>") == "Thu 1 Jan 1970, 00:59 CET"


SECRET = "Vader"


@pytest.mark.parametrize(
    "typed",
    [
        f"||{SECRET}||",
        f"||**{SECRET}** is\nhis father||",
        f"**bold ||{SECRET}||**",
        f"> ||{SECRET}||",
        f"- a\n  - ||{SECRET}||",
        f"# ||{SECRET}||",
        f"-# ||{SECRET}||",
        f"||`{SECRET}` <https://e.io/{SECRET}>||",
        f"||[{SECRET}](https://{SECRET}.io)||",
        f"[||{SECRET}||](https://e.io)",
        f"[a **b ||{SECRET}||**](https://e.io)",
        "*" * 60 + f"||{SECRET}||" + "*" * 60,
        "> " * 30 + f"||{SECRET}||",
        "- " * 30 + f"||{SECRET}||",
    ],
)
def test_a_spoiler_is_hidden_until_it_is_pressed(typed: str) -> None:
    shown = html(typed)
    closed = shown.split('<details class="spoiler"')
    assert SECRET not in closed[0]
    assert SECRET in closed[1].split("</details>")[0]
    assert all(SECRET not in rest.split("</details>", 1)[1] for rest in closed[1:])
    assert "<summary>" in shown
    assert SECRET not in plain(typed)


def test_each_spoiler_has_an_id_of_its_own() -> None:
    assert 'id="spoiler-1"' in html("||a|| ||b||")
    assert 'id="spoiler-2"' in html("||a|| ||b||")


class Elements(HTMLParser):
    """Checks that HTML has only our elements and attributes, each closed."""

    plain = ("strong", "em", "u", "s", "code", "pre", "blockquote", "ul", "li", "br", "summary")
    allowed: ClassVar[dict[str, set[str]]] = {
        **{name: set() for name in plain},
        **{"a": {"href", "rel"}, "span": {"class"}, "time": {"datetime", "title"}, "ol": {"start"}, "div": {"class"}},
        **{"h3": {"class"}, "details": {"class", "id"}},
    }

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= self.allowed[tag]
        for name, value in attrs:
            assert name != "href" or (value or "").startswith(("https://", "http://"))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


MARKS = st.sampled_from(
    ["*", "**", "_", "__", "~~", "||", "`", "```", "\\", "[", "](", ")", "<", ">", "<@1>", "<t:1:R>", "</a b:1>"]
    + ["<:d:1>", "https://e.io/", "<https://e.io>", "# ", "-# ", "> ", ">>> ", "- ", "  - ", "1. ", "\n", " ", "a"]
    + ["<b>", '"', "&lt;"]
)


@settings(max_examples=150)
@given(st.one_of(st.lists(MARKS, max_size=40).map("".join), st.text(max_size=80)))
def test_every_text_becomes_safe_html(typed: str) -> None:
    Elements(html(typed))
    plain(typed)


@pytest.mark.parametrize(
    "build",
    [
        lambda n: "[" * n,
        lambda n: "[](" * (n // 3),
        lambda n: "[a](https://e.io" * (n // 16),
        lambda n: "[a]((" * (n // 5),
        lambda n: "*" * n,
        lambda n: "*a **b __c ~~d " * (n // 15),
        lambda n: "__a_" * (n // 4),
        lambda n: "*_~|" * (n // 4),
        lambda n: "||a" * (n // 3),
        lambda n: "> " * (n // 2),
        lambda n: "> a\n" * (n // 4),
        lambda n: ">" * n,
        lambda n: "`" * n,
        lambda n: "```a" * (n // 4),
        lambda n: "".join("`" * count + "a" for count in range(1, int(n**0.5))),
        lambda n: "https://" * (n // 8),
        lambda n: "https://[x" * (n // 10),
        lambda n: "<t:1" * (n // 4),
        lambda n: "</a" * (n // 3),
        lambda n: "#" + " " * n,
        lambda n: "# " + "#" * n,
        lambda n: "- " * (n // 2),
        lambda n: "".join(" " * depth + "- x\n" for depth in range(int(n**0.5))),
        lambda n: " " * n,
        lambda n: "\n" * n,
        lambda n: "\\" * n,
        lambda n: "a" * n,
    ],
)
def test_markup_takes_time_in_proportion(build: Callable[[int], str]) -> None:
    text = build(20_000)
    before = thread_time()
    html(text)
    assert thread_time() - before < 3, "2,000 characters take some milliseconds"
