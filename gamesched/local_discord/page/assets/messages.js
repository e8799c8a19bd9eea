// One message as nodes: text, embeds, buttons and selects.

import { component } from "./components.js";
import { element, inline, markdown } from "./markdown.js";

const EPHEMERAL = 64, LOADING = 128, COMPONENTS_V2 = 32768, REPLY = 19, PIN_NOTICE = 6;

export const avatar = (id, hash) => (hash ? `/avatars/${id}/${hash}.png?size=64` : `/embed/avatars/${Number(BigInt(id) % 6n)}.png`);

export function message(data, context) {
  const { names, me, act, dismiss, failed, options, menu } = context;
  const priv = data.flags & EPHEMERAL;
  const body = element("div", {}, data.type === REPLY ? replied(data.referenced_message, names) : null,
    element("div", { class: "by" },
      element("strong", { style: names.colour(data.author.id) }, names.user(data.author.id)),
      data.author.bot ? element("span", { class: "app-tag" }, "APP") : null,
      clock(data.timestamp),
      data.pinned ? element("span", { class: "edited" }, "pinned") : null));
  if (data.flags & LOADING) body.append(element("div", { class: "thinking" }, `${names.user(data.author.id)} is thinking…`));
  if (data.content) {
    const text = markdown(data.content, names);
    if (data.edited_timestamp) text.append(element("span", { class: "edited" }, " (edited)"));
    body.append(text);
  }
  if (data.type === PIN_NOTICE) body.append(element("div", { class: "only" }, "Pinned a message to this channel."));
  // A layout shows of its files those that its components name.
  if (!(data.flags & COMPONENTS_V2)) for (const each of data.attachments) body.append(attachment(each));
  for (const each of data.embeds) body.append(embed(each, names));
  for (const each of data.components) body.append(component(each, data, { act, options, names }));
  if (data.reactions) body.append(element("div", { class: "reactions" },
    ...data.reactions.map((each) => element("span", {}, `${each.emoji.name} ${each.count}`))));
  if (!priv) body.append(apps(data, menu));
  if (failed) body.append(element("div", { class: "failed", role: "alert" }, failed));
  if (priv) {
    const away = element("button", { type: "button" }, "Dismiss message");
    away.onclick = () => dismiss(data.id);
    body.append(element("div", { class: "only" }, "Only you can see this · ", away));
  }
  const pings = data.mention_everyone || data.mentions.some((user) => user.id === me);
  const kind = priv ? "message private" : pings ? "message pings" : "message";
  return element("li", { class: kind, id: `message-${data.id}` }, element("img", { src: avatar(data.author.id, data.author.avatar), alt: "" }), body);
}

// What applications offer in the menu of a message, and of who wrote it.
function apps(data, menu) {
  const open = element("button", { type: "button", "aria-expanded": "false" }, "Apps");
  const entries = element("span", { class: "entries" });
  open.onclick = async () => {
    const shown = open.getAttribute("aria-expanded") === "true";
    open.setAttribute("aria-expanded", String(!shown));
    entries.replaceChildren(...(shown ? [] : await menu(data)));
  };
  return element("div", { class: "only apps" }, open, entries);
}

function replied(to, names) {
  const words = to ? `${names.user(to.author.id)}: ${to.content.slice(0, 80)}` : "Original message was deleted";
  return element("div", { class: "replied" }, `↪ ${words}`);
}

function attachment(file) {
  return (file.content_type || "").startsWith("image/")
    ? element("img", { class: "file", src: file.url, alt: file.description || file.filename })
    : element("a", { class: "file", href: file.url, download: file.filename }, `${file.filename} (${file.size} bytes)`);
}

function clock(timestamp) {
  const when = new Date(timestamp);
  const today = when.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" };
  return element("time", { datetime: timestamp }, new Intl.DateTimeFormat(undefined, style).format(when));
}

const span = (kind, text, names) => { const made = element("span"); inline(made, text, names); made.className = kind; return made; };

function embed(data, names) {
  const colour = data.color === undefined ? null : `border-left-color:#${data.color.toString(16).padStart(6, "0")}`;
  const made = element("article", { class: "embed", style: colour });
  if (data.author) made.append(element("div", { class: "author" },
    data.author.icon_url ? element("img", { src: data.author.icon_url, alt: "" }) : null, linked(data.author.url, data.author.name, names)));
  if (data.title) made.append(element("div", { class: "title" }, linked(data.url, data.title, names)));
  if (data.description) made.append(element("div", { class: "description" }, markdown(data.description, names)));
  if (data.thumbnail) made.append(element("img", { class: "thumbnail", src: data.thumbnail.url, alt: "" }));
  if (data.fields) made.append(fields(data.fields, names));
  if (data.image) made.append(element("img", { class: "image", src: data.image.url, alt: "" }));
  const foot = [data.footer?.text, data.timestamp && new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" })
    .format(new Date(data.timestamp))].filter(Boolean);
  if (foot.length) made.append(element("div", { class: "footer" }, foot.join(" • ")));
  return made;
}

function linked(url, text, names) {
  if (!url) return span("", text, names);
  const made = element("a", { href: url, target: "_blank", rel: "noopener" });
  inline(made, text, names);
  return made;
}

// Inline fields stand up to three beside each other; one that is not breaks the row.
function fields(all, names) {
  const made = element("div", { class: "fields" });
  let row = [];
  const flush = () => {
    for (const each of row) each.classList.add(row.length === 3 ? "in-three" : row.length === 2 ? "in-two" : "in-one");
    row = [];
  };
  for (const field of all) {
    const each = element("div", { class: "field" }, span("", field.name, names), markdown(field.value, names));
    each.firstChild.replaceWith(element("strong", {}, ...each.firstChild.childNodes));
    if (field.inline) { row.push(each); if (row.length === 3) flush(); } else flush();
    made.append(each);
  }
  flush();
  return made;
}
