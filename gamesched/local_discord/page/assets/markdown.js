// What people write, as Discord shows it: a small part of Markdown, mentions and time stamps, built as nodes.

const STYLES = { t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" }, S: { dateStyle: "short", timeStyle: "medium" } };
const UNITS = [["year", 31536000], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key in made && typeof value !== "string") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function relative(seconds) {
  const away = seconds - Date.now() / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(away) >= each) || ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(away / size), unit);
}

function stampText(seconds, style) {
  if (style === "R") return relative(seconds);
  return new Intl.DateTimeFormat(undefined, STYLES[style] || STYLES.f).format(new Date(seconds * 1000));
}

function stamp(seconds, style) {
  const when = new Date(seconds * 1000);
  if (Number.isNaN(when.getTime())) return document.createTextNode("Invalid Date");
  const full = new Intl.DateTimeFormat(undefined, STYLES.F).format(when);
  const made = element("time", { class: "stamp", datetime: when.toISOString(), title: full }, stampText(seconds, style));
  if (style === "R") { made.dataset.relative = seconds; }
  return made;
}

setInterval(() => {
  for (const each of document.querySelectorAll("time[data-relative]")) each.textContent = relative(Number(each.dataset.relative));
}, 1000);

// Each rule: what it looks like, and the node it becomes. The first that begins earliest wins.
function rules(names) {
  const link = (url, text) => element("a", { href: url, rel: "noopener", ...(url.startsWith(location.origin + "/channels/") ? {} : { target: "_blank" }) }, text);
  const mention = (text) => element("span", { class: "mention" }, text);
  const inner = (name, text, attributes) => { const made = element(name, attributes); inline(made, text, names); return made; };
  return [
    [/\\([^0-9A-Za-z\s])/, (m) => document.createTextNode(m[1])],
    [/```(?:\w+\n)?([\s\S]+?)```/, (m) => element("pre", {}, m[1].replace(/^\n|\n$/g, ""))],
    [/``(.+?)``|`([^`\n]+)`/, (m) => element("code", {}, m[1] || m[2])],
    [/<t:(-?\d{1,13})(?::([tTdDfFsSR]))?>/, (m) => stamp(Number(m[1]), m[2] || "f")],
    [/<@!?(\d+)>/, (m) => mention("@" + names.user(m[1]))],
    [/<@&(\d+)>/, (m) => mention("@" + names.role(m[1]))],
    [/<#(\d+)>/, (m) => mention("#" + names.channel(m[1]))],
    [/<\/([\w -]+):\d+>/, (m) => mention("/" + m[1])],
    [/@(everyone|here)\b/, (m) => mention(m[0])],
    [/<a?:(\w+):\d+>/, (m) => document.createTextNode(`:${m[1]}:`)],
    [/\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?(?: "[^"]*")?\)/, (m) => { const made = link(m[2], ""); inline(made, m[1], names); return made; }],
    [/<(https?:\/\/[^\s>]+)>/, (m) => link(m[1], m[1])],
    [/https?:\/\/[^\s<>]*[^\s<>.,:;"')\]]/, (m) => link(m[0], m[0])],
    [/\*\*([\s\S]+?)\*\*(?!\*)/, (m) => inner("strong", m[1])],
    [/__([\s\S]+?)__(?!_)/, (m) => inner("u", m[1])],
    [/~~([\s\S]+?)~~/, (m) => inner("s", m[1])],
    [/\|\|([\s\S]+?)\|\|/, (m) => inner("span", m[1], { class: "spoiler" })],
    [/\*(?!\s)([^*\n]+?)\*/, (m) => inner("em", m[1])],
    [/(?<!\w)_([^_\n]+?)_(?!\w)/, (m) => inner("em", m[1])],
  ];
}

export function inline(parent, text, names) {
  const all = rules(names);
  while (text) {
    let best = null;
    for (const [pattern, make] of all) {
      const found = pattern.exec(text);
      if (found && (!best || found.index < best.found.index)) best = { found, make };
    }
    if (!best) break;
    const { found, make } = best;
    if (found.index) parent.append(text.slice(0, found.index));
    parent.append(make(found));
    text = text.slice(found.index + found[0].length);
  }
  if (text) parent.append(text);
}

// Headings, quotes, lists and small print are lines; everything between them is text. Code blocks may hold any line.
export function markdown(text, names) {
  const made = element("div", { class: "text" });
  let plain = [], list = null;
  const flush = () => { if (plain.length) { inline(made, plain.join("\n"), names); plain = []; } };
  const block = (name, line, attributes) => { const each = element(name, attributes); inline(each, line, names); return each; };
  for (const piece of text.split(/(```[\s\S]+?```)/)) {
    if (piece.startsWith("```") && piece.length > 6) { flush(); list = null; inline(made, piece, names); continue; }
    for (const line of piece.split("\n")) {
      const found = /^(?:(#{1,3}) |(>) |(-#) |\s*([-*]) )(.*)$/.exec(line);
      if (!found || !found[5]) { if (list) list = null; plain.push(line); continue; }
      flush();
      const [, heading, quote, small, , rest] = found;
      if (found[4]) { if (!list) made.append(list = element("ul")); list.append(block("li", rest)); continue; }
      list = null;
      if (heading) made.append(block("h" + heading.length, rest));
      else if (quote) made.append(block("blockquote", rest));
      else if (small) made.append(block("div", rest, { class: "subtext" }));
    }
  }
  flush();
  return made;
}
