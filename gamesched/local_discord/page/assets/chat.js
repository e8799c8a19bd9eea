// The chat client: who one is, where one is, what was said. All it does goes through Discord's API with a person's token.

import { answered, commands, left, menu } from "./commands.js";
import { TALK, things } from "./controls.js";
import { eventsButton, redrawEvents } from "./events.js";
import { element } from "./markdown.js";
import { avatar, message } from "./messages.js";
import { answeredModal, modal } from "./modals.js";
import { moved, panel } from "./panel.js";

const $ = (id) => document.getElementById(id);
const API = "/api/v10";
const state = { person: null, token: null, view: null, guild: "@me", channel: null, shown: new Map(), failed: new Map(), rows: new Map(), socket: null };

const cookie = (name) => document.cookie.split("; ").find((each) => each.startsWith(name + "="))?.slice(name.length + 1);
const readKey = () => `read-${state.person}`;
const dismissed = () => JSON.parse(localStorage.getItem("dismissed") || "[]");
const read = () => JSON.parse(localStorage.getItem(readKey()) || "{}");

async function api(method, path, body, files = []) {
  const headers = { Authorization: state.token }, form = new FormData();
  if (files.length) {
    form.append("payload_json", JSON.stringify(body));
    files.forEach((file, n) => form.append(`files[${n}]`, file));
  } else headers["Content-Type"] = "application/json";
  const answer = await fetch(API + path, { method, headers,
    body: files.length ? form : body === undefined ? undefined : JSON.stringify(body) });
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error([told.message, blame(told.errors)].filter(Boolean).join(": "));
  return told;
}

// The first of the reasons, wherever in the body it is.
function blame(errors) {
  if (!errors) return "";
  return errors._errors ? errors._errors[0].message : blame(Object.values(errors)[0]);
}

let numbered = 0;
const nonce = () => `${Date.now()}${(numbered += 1) % 1000}`;

function interact(body, files) {
  return api("POST", "/interactions", { application_id: state.view.bot, channel_id: state.channel, session_id: "page", nonce: nonce(),
    ...(state.guild === "@me" ? {} : { guild_id: state.guild }), ...body }, files);
}

// --- names ----------------------------------------------------------------------------------------------------

const guild = () => state.view.guilds.find((each) => each.id === state.guild);
const names = {
  user: (id) => guild()?.nicks[id] || state.view.names[id]?.name || "unknown-user",
  role: (id) => state.view.roles[id]?.name.replace(/^@/, "") || "deleted-role",
  channel: (id) => state.view.guilds.flatMap((each) => each.channels).find((each) => each.id === id)?.name || "unknown",
  colour: (id) => { const bits = guild()?.colours[id]; return bits ? `color:#${bits.toString(16).padStart(6, "0")}` : null; },
};

const options = (sort, channelTypes) => things(sort, state.view, state, names, channelTypes);

// --- places ---------------------------------------------------------------------------------------------------

const eventsContext = { api, view: () => state.view, names };
const VOICES = [2, 13], THREADS = [10, 11, 12], KINDS = { 2: " (voice)", 13: " (stage)", 15: " (forum)" };

function drawPlaces() {
  const seen = read();
  const entry = (place, id, last, ...inside) => {
    const here = id === state.channel;
    const link = element("a", { href: `/channels/${place}/${id}` }, ...inside);
    if (here) { link.className = "here"; link.setAttribute("aria-current", "page"); }
    else if (BigInt(last) > BigInt(seen[id] || 0)) link.className = "unread";
    link.onclick = (event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); go(place, id); } };
    return link;
  };
  const lists = [];
  for (const each of state.view.guilds) {
    const initials = each.name.split(/\s+/).map((word) => word[0]).join("").slice(0, 3);
    lists.push(element("h2", {}, element("i", { "aria-hidden": "true" }, initials), each.name), eventsButton(each, eventsContext));
    for (const channel of each.channels) {
      if (THREADS.includes(channel.type)) {
        const link = entry(each.id, channel.id, channel.last, element("b", {}, "⌙"), channel.name);
        link.classList.add("thread");
        lists.push(link);
      } else if (TALK.includes(channel.type)) lists.push(entry(each.id, channel.id, channel.last, element("b", {}, channel.type === 5 ? "📣" : "#"), channel.name));
      else lists.push(element("p", {}, channel.name + (KINDS[channel.type] || "")));
      if (VOICES.includes(channel.type)) lists.push(voice(each, channel));
    }
  }
  lists.push(element("h2", {}, element("i", { "aria-hidden": "true" }, "✉"), "Direct messages"));
  for (const dm of state.view.dms) {
    const name = state.view.names[dm.with].name;
    lists.push(entry("@me", dm.id, dm.last, element("img", { src: avatar(dm.with, state.view.names[dm.with].avatar), alt: "" }), name));
  }
  if (!state.view.dms.some((dm) => dm.with === state.view.bot)) {
    const link = element("a", { href: "#" }, element("img", { src: avatar(state.view.bot, state.view.names[state.view.bot].avatar), alt: "" }), state.view.names[state.view.bot].name);
    link.onclick = async (event) => {
      event.preventDefault();
      const channel = await api("POST", "/users/@me/channels", { recipient_id: state.view.bot });
      await loadView();
      go("@me", channel.id);
    };
    lists.push(link);
  }
  $("lists").replaceChildren(...lists);
  redrawEvents(eventsContext);
}

// Who is in a voice channel, and the way in or out.
function voice(place, channel) {
  const there = Object.keys(place.voice).filter((id) => place.voice[id] === channel.id);
  const inside = there.includes(state.view.me);
  const button = element("button", { type: "button", "aria-label": `${inside ? "Disconnect from" : "Connect to"} ${channel.name}` },
    inside ? "Disconnect" : "Connect");
  button.onclick = async () => {
    const body = { user_id: state.view.me, guild_id: place.id, channel_id: inside ? null : channel.id };
    const answer = await fetch("/sandbox/voice", { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) { $("status").textContent = (await answer.json()).message; $("status").className = "off"; }
  };
  const limit = channel.user_limit ? element("small", {}, `${there.length} of ${channel.user_limit}`) : null;
  return element("div", { class: "voice" }, ...there.map((id) => element("span", {}, `● ${names.user(id)}`)), limit, button);
}

function title() {
  if (state.guild === "@me") {
    const dm = state.view.dms.find((each) => each.id === state.channel);
    return dm ? `@ ${state.view.names[dm.with].name}` : "";
  }
  const channel = guild()?.channels.find((each) => each.id === state.channel);
  return channel ? `# ${channel.name}` : "";
}

// --- messages -------------------------------------------------------------------------------------------------

function drawMessages(stay) {
  const list = $("messages");
  const low = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const context = { names, me: state.view.me, act, dismiss, options, menu };
  let before = null;
  const rows = [...state.shown.values()].map((each) => {
    const old = state.rows.get(each.id);
    const row = old?.data === each ? old.row : message(each, { ...context, failed: state.failed.get(each.id) });
    state.rows.set(each.id, { data: each, row });
    const close = before && before.author.id === each.author.id && !((before.flags ^ each.flags) & 64)
      && new Date(each.timestamp) - new Date(before.timestamp) < 420000;
    row.classList.toggle("more", Boolean(close));
    before = each;
    return row;
  });
  if (!rows.length) rows.push(element("li", { class: "none" }, "Nothing here yet."));
  // Rows that stay are not touched: they keep the focus, and what is chosen in them but not sent.
  for (const each of [...list.children]) if (!rows.includes(each)) each.remove();
  rows.forEach((row, i) => { if (list.children[i] !== row) list.insertBefore(row, list.children[i] || null); });
  if (!stay || low) list.scrollTop = list.scrollHeight;
}

function markRead() {
  const last = [...state.shown.keys()].at(-1);
  if (!last || document.hidden) return;
  localStorage.setItem(readKey(), JSON.stringify({ ...read(), [state.channel]: last }));
}

async function act(data, pressed) {
  if (state.failed.delete(data.id)) redraw(data.id);
  const body = { type: 3, channel_id: data.channel_id, message_id: data.id, message_flags: data.flags, data: pressed };
  try { await interact(body); } catch (error) { fail(data.id, error.message); }
}

function fail(id, why) {
  state.failed.set(id, why);
  redraw(id);
}

// As it is without anything pressed or said about it; without an id, all.
function redraw(id) {
  if (id) state.rows.delete(id); else state.rows.clear();
  drawMessages(true);
}

function dismiss(id) {
  localStorage.setItem("dismissed", JSON.stringify([...dismissed(), id].slice(-500)));
  state.shown.delete(id);
  drawMessages(true);
}

async function loadMessages() {
  const channel = state.channel;
  state.shown = new Map();
  state.failed = new Map();
  state.rows = new Map();
  let found = [];
  try { found = channel ? await api("GET", `/channels/${channel}/messages?limit=100`) : []; } catch { /* shown as empty */ }
  if (channel !== state.channel) return;
  const away = new Set(dismissed());
  for (const each of found.reverse()) if (!away.has(each.id)) state.shown.set(each.id, each);
  drawMessages(false);
  markRead();
  drawPlaces();
}

// --- where one is ---------------------------------------------------------------------------------------------

function follow() {
  const [, , place, channel, jump] = location.pathname.split("/");
  state.guild = place;
  const home = place === "@me" ? state.view.dms : guild()?.channels.filter((each) => TALK.includes(each.type)) || [];
  state.channel = home.some((each) => each.id === channel) ? channel : home[0]?.id || null;
  return jump;
}

async function open() {
  const jump = follow();
  document.body.classList.remove("menu-open");
  $("title").textContent = title() || "No channel of yours here";
  document.title = `${title()} · LOCAL DISCORD`;
  $("text").placeholder = state.channel ? `Message ${title()}` : "";
  $("say").hidden = !state.channel;
  moved(where());
  left();
  await loadMessages();
  const target = jump && $(`message-${jump}`);
  if (target) { target.classList.add("jumped"); target.scrollIntoView({ block: "center" }); }
}

const where = () => ({ channel: state.channel, title: title(), guild: state.guild, me: state.view?.me });

function go(place, channel) {
  history.pushState(null, "", `/channels/${place}/${channel}`);
  open();
}

// --- live -----------------------------------------------------------------------------------------------------

async function loadView() {
  state.view = await (await fetch(`/sandbox/view?person=${state.person}`)).json();
}

async function reload({ channel_id: channel, message_id: id }) {
  if (state.shown.has(id)) state.shown.set(id, await api("GET", `/channels/${channel}/messages/${id}`));
}

async function hear({ t, d }) {
  if (t.startsWith("INTERACTION_") || t.startsWith("APPLICATION_COMMAND_")) hearAnswer(t, d);
  else if (t.startsWith("MESSAGE_")) {
    if (d.channel_id === state.channel) {
      if (t === "MESSAGE_DELETE") state.shown.delete(d.id);
      else if (t === "MESSAGE_DELETE_BULK") d.ids.forEach((id) => state.shown.delete(id));
      else if (t.startsWith("MESSAGE_REACTION_")) await reload(d);
      else if (t === "MESSAGE_CREATE" || state.shown.has(d.id)) state.shown.set(d.id, d);
      drawMessages(true);
      markRead();
    }
    if (t !== "MESSAGE_CREATE") return;
    await loadView();
    drawPlaces();
  } else {
    const before = state.channel;
    await loadView();
    follow();
    if (state.channel === before) { drawPlaces(); $("title").textContent = title(); redraw(); } else open();
  }
}

function hearAnswer(t, d) {
  const mine = answered(t, d) || answeredModal(t, d);
  if (t === "INTERACTION_MODAL_CREATE") modal(d, { nonce, interact, options, names });
  if (t === "INTERACTION_FAILURE" && !mine && d.message_id) fail(d.message_id, "This interaction failed");
  else if (d.message_id || !mine) redraw(d.message_id);
}

// Done when the place was drawn for the first time: what is pressed before waits for it.
let firstDrawn;
const drawnOnce = new Promise((resolve) => { firstDrawn = resolve; });

// Opened before anything is read, so that nothing is missed between; what it tells waits until all is drawn.
async function listen() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/sandbox/stream?person=${state.person}`);
  const old = state.socket;
  state.socket = socket;
  old?.close();
  let drawn;
  let waiting = new Promise((resolve) => { drawn = resolve; });
  socket.onmessage = (event) => { waiting = waiting.then(() => hear(JSON.parse(event.data))).catch(console.error); };
  const opened = new Promise((resolve) => { socket.onopen = () => resolve(true); socket.onerror = () => resolve(false); });
  socket.onclose = async () => {
    if (state.socket !== socket) return;
    $("status").textContent = "connection lost, trying again…";
    $("status").className = "off";
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (state.socket === socket) await listen();
  };
  if (!await opened) return;
  $("status").textContent = "live";
  $("status").className = "";
  await loadView();
  await open();
  drawn();
  firstDrawn();
}

async function become(username) {
  const people = await (await fetch("/sandbox/people")).json();
  const person = people.find((each) => each.username === username) || people[0];
  document.cookie = `local_discord_person=${person.username}; path=/; max-age=31536000; samesite=lax`;
  Object.assign(state, { person: person.username, token: person.token });
  $("you").replaceChildren(...people.map((each) => element("option", { value: each.username }, each.global_name || each.username)));
  $("you").value = person.username;
  $("me").src = avatar(person.id, person.avatar);
  await listen();
}

$("you").onchange = () => become($("you").value);
$("menu").onclick = () => document.body.classList.toggle("menu-open");
document.querySelector("main").addEventListener("click", (event) => {
  if (!event.target.closest("#menu")) document.body.classList.remove("menu-open");
});
$("say").onsubmit = async (event) => {
  event.preventDefault();
  const content = $("text").value.trim();
  if (!content) return;
  try { await api("POST", `/channels/${state.channel}/messages`, { content }); $("text").value = ""; }
  catch (error) { $("status").textContent = error.message; $("status").className = "off"; }
};
window.onpopstate = () => drawnOnce.then(open);
panel(where, drawnOnce);
commands({ where, nonce, interact, options,
  index: () => drawnOnce.then(() => api("GET", `/channels/${state.channel}/application-command-index`)) });
document.addEventListener("visibilitychange", () => { markRead(); if (state.view) drawPlaces(); });
await become(new URLSearchParams(location.search).get("as") || cookie("local_discord_person"));
