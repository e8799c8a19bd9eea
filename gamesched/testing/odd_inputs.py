"""What hostile and merely foreign people type, by kind: one list for every test that types into everything.

Each kind says what tempts a reader: to fail, to lose it, or to read it as something that nobody meant. No place here
asks whether an input is good; the tests ask that it is taken as what it is or refused, and comes back either way.
"""

from gamesched.local_discord.fixtures import (
    ALICE_ID,
    BOB_ID,
    ERIN_ID,
    GENERAL_ID,
    GUILD_ID,
    SECOND_GUILD_ID,
)

TOWER = "e" + "\u0301" * 40
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
# Characters that Discord takes in a name, label, id, title, field, message, text, and embed; and that we take.
LIMITS = (32, 80, 100, 200, 256, 300, 1000, 1024, 2000, 4000, 4096, 6000)

ODD_INPUTS: dict[str, tuple[str, ...]] = {
    "nothing": (
        "", " ", "\t", "\r\n", "\u3000", "\u00a0", "none", "None", "null", "undefined", "NaN", "-", "[]", "{}",
    ),
    "names": (
        "Smith, John", "@Smith, John", "O'Brien", 'Bob "the GM" Ross', "@bob", "bob", "BOB", "bob#1234",
        "Zed;Zed", "[GM] Q", "@", "@@@", "a,b,,c", "John Smith; Jane", "Grandma\nGrandpa", "Straße", "İstanbul",
        "ŉ", "ﬁ", "Σς",
    ),
    "mentions": (
        "@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "<#1>", f"<@{BOB_ID}>", f"<@&{GUILD_ID}>",
        f"<#{GENERAL_ID}>", "<t:99999999999999:F>", "<t:-1:R>", "<t:1893456000:F>", "</game list:1>",
        "<:dice:123456789012345678>", "<a:spin:1>", "<id:customize>", "@ everyone", "@\u200beveryone",
        "＠everyone",
    ),
    "markup": (
        "**bold** __u__ ~~s~~", "||spoiler||", "`code`", "```py\nx\n```",
        "# Title\n## Two\n> said\n- one\n1. two", "[x](https://a.example)[y](javascript:alert(1))",
        "https://e.example/my_rules_v2?a=1&b=2#c", "<https://e.example>", "\\", "\\*", "_a_b_c_", "*" * 400,
        "||" * 150, "[" * 300, "<" * 300, "`" * 300, "> " * 150, "-# small",
    ),
    "web": (
        "<script>alert(1)</script>", "<b>", "</textarea></form>", "\"><img src=x onerror=alert(1)>", "&amp;",
        "&#x202e;", "'; DROP TABLE games_game; --", "1 OR 1=1", "' UNION SELECT 1 --", "%", "_", "%00", "%s%n",
        "{{ 7*7 }}", "{% now %}", "{0.__class__}", "${7*7}", "#{7*7}", "../../etc/passwd", "..\\..", "$(id)",
        "`id`", "javascript:alert(1)", "data:text/html,x", "\r\nSet-Cookie: x=1", "BEGIN:VEVENT\r\nSUMMARY:x",
        "(", "[1", "*", "?", "(a+)+$",
    ),
    "formulas": (
        "=1+1", '=HYPERLINK("https://e.example")', "+1", "-1+1", "@SUM(1)", "\t=1", "x;=1+1", "\uff1d1+1", '"',
        ",", ";",
    ),
    "unseen": (
        "\u200b", "\u2060", "\ufeff", "\u00ad", "\u200b\u2060\u200d", "a\u200bb", "\ufeffDune", "\u3164",
        "\u2800", "\u115f", "\ufe0f", "\u034f", "\U000e0041", "Dune\u200e", "1\u200b2", "20\u200b:00", "\u180e",
        "\u061c7",
    ),
    "writing": (
        "\u202egnirts", "\u202eDune\u202c 3", "\u2067Dune", "a\u2069\u202db",
        "\u05de\u05d1\u05d5\u05db\u05d9\u05dd 3", "\u0645\u062d\u0645\u062f", "\u200f7\u200f", "名前",
        "ゲームの夜", "हिन्दी", "ภาษาไทย", "한국어", "Ελληνικά", "Русский", "ﷺ", "𝔇𝔲𝔫𝔢", "Ｄｕｎｅ", "ⓓⓤⓝⓔ",
        TOWER, "Z" + "\u0310\u0320\u0323" * 60, "e\u0301", "é", "\u1e9b\u0323", "\u0130", "\u212b", "ǆ",
        "می\u200cخواهم",
    ),
    "emoji": (
        "😀", FAMILY, "❤\ufe0f", "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "👩🏽\u200d🚀", "🇩🇪", "\U0001fae9",
        "😀" * 100, FAMILY * 12, "🎲" * 33,
    ),
    "unstorable": (
        "\x00", "a\x00b", "\ud800", "\udfff x", "a\udc80", "\ud83d", "\ude00\ud83d", "\ufffe", "\uffff",
        "\U0010ffff", "\ufffd", "\x01", "a\x1b[31mb", "\x7f", "\x85", "a\x08b",
    ),
    "lines": (
        "a\nb", "a\r\nb", "a\rb", "a\u2028b", "a\u2029b", "a\x0bb", "a\x0cb", "a\x85b", "\n\n\na\n\n\n", "a\tb",
    ),
    "numbers": (
        "0", "-0", "-1", "+5", "007", "1.0", "1.5", "1,5", "1e5", "1e999", "1_000", "1 000", "1,000", "1.000",
        "0x10", "0b1", "½", "²", "٣", "३", "５", "Ⅴ", "⑤", "五", "inf", "-inf", "9999", "2147483648", "9" * 19,
        "9" * 25, "9" * 400, "3 or 4", "3-4", "five", "fünf", "unlimited", "∞",
    ),
    "ids": (
        "1", str(ALICE_ID), str(ERIN_ID), str(GUILD_ID), str(SECOND_GUILD_ID), str(SECOND_GUILD_ID + 1),
        str(2**63 - 1), str(2**63), str(2**64), "1" * 30, f" {BOB_ID} ", f"{BOB_ID}.0",
        "１３０００００００００００００００００２", f"0{BOB_ID}",
    ),
    "dates": (
        "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10",
        "31.12.2026", "31/12/2026", "01/02/2027", "12/31/2026", "2026/12/31", "20261231", "2026-W53-4",
        "2026-365", "2026-1-5", "26-12-31", "٢٠٢٦-١٢-٣١", "２０２６-１２-３１", "1893456000", "2026-12-31T20:00Z",
        "2026-12-31T20:00+05:30", "2026-12-31 20:00 UTC", "9999-12-31T23:59", "tomorrow", "morgen", "明日",
        "31. Dezember", "friday the 13th", "now", "令和8年12月31日", "-2026-12-31",
    ),
    "clocks": (
        "24:00", "25:00", "23:59:60", "12:60", "8", "8pm", "20.00", "20h", "20:00:00.5", "20:00+02:00",
        "2027-03-28 02:30", "2027-10-31 02:30", "2027-03-14 02:30", "halb neun", "٢٠:٠٠", "２０：３０", "-1:00",
        "12am", "noon", "8:5", "20:00 CET",
    ),
    "lengths": (
        "1h30m", "1.5h", "1,5h", "2 hours", "90 min", "1:30", "1:30:00", "90:00", "2h30", "1 Stunde", "2 heures",
        "2 часа", "3 dias", "一時間", "½ hour", "an hour and a half", "0 min", "-5 min", "99999 days", "1 month",
        "1 year", "P1DT2H", "30 s", "1h 1h", "m", "5 m 2 h", "1d, 2h, 15", "1d 2h",
    ),
    "zones": (
        "UTC", "GMT", "EST", "CET", "Etc/GMT+5", "UTC+2", "+02:00", "Europe/Kiev", "europe/berlin",
        "Europe/Berlin ", "US/Pacific", "Mars/Olympus", "../UTC", "/etc/localtime", "localtime", "posix/UTC",
        "Asia/Calcutta", "America/Argentina/ComodRivadavia",
    ),
    "rules": (
        "FREQ=WEEKLY;BYDAY=FR", "FREQ=SECONDLY", "RRULE:FREQ=DAILY;COUNT=0", "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=YEARLY;BYYEARDAY=-367",
    ),
    "words of forms": (
        "on", "off", "true", "False", "yes", "no", "later", "draft", "now tomorrow", "draft 2027-01-01", "rule",
        "inherit",
    ),
    "long": (
        *("x" * (limit + more) for limit in LIMITS for more in (-1, 0, 1)), "ж" * 2001, "w " * 1000, "\n" * 2001,
        "a" + " " * 2001 + "b", "@a," * 700, "9" * 5000, "x" * 20_001, "x" * 70_000,
    ),
}  # fmt: skip
EVERY_ODD_INPUT: tuple[str, ...] = tuple(dict.fromkeys(one for kind in ODD_INPUTS.values() for one in kind))
# For addresses and forms of many fields, whose limits are not about one text.
SHORT_ODD_INPUTS = tuple(one for one in EVERY_ODD_INPUT if len(one) <= 100)


def as_sent(text: str) -> str:
    """Return a text as a browser's form brings it: a half of a character does not come through."""
    return text.encode(errors="surrogatepass").decode(errors="replace")
