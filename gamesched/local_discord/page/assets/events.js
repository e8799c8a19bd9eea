// The events of a server: who is interested, and what those who may change by hand.

import { element } from "./markdown.js";

const SCHEDULED = 1, ACTIVE = 2, COMPLETED = 3, CANCELED = 4, EXTERNAL = 3, VOICE = 2;
const STATUS = { 1: "Scheduled", 2: "Happening now" };
const EVENTS = (guild) => `/guilds/${guild}/scheduled-events`;

let dialog = null, shown = null; // the id of the server whose events are open

// `context` has the functions `api` and `view` (what there is now), and the `names`.
export function eventsButton(guild, context) {
  const count = guild.events.length;
  const button = element("button", { type: "button", class: "events-open" }, `Events${count ? ` (${count})` : ""}`);
  button.onclick = () => { shown = guild.id; draw(context); dialog.showModal(); };
  return button;
}

// Whatever has changed, changes in the open list too; a form that is being filled in stays.
export function redrawEvents(context) {
  if (dialog?.open && !dialog.querySelector("form")) draw(context);
}

function draw(context) {
  if (!dialog) document.body.append(dialog = element("dialog", { class: "modal events", "aria-labelledby": "events-title" }));
  const guild = context.view().guilds.find((each) => each.id === shown);
  if (!guild) { dialog.close(); return; }
  const close = element("button", { type: "button", class: "close", "aria-label": "Close events" }, "✕");
  close.onclick = () => dialog.close();
  const said = element("p", { class: "wrong", role: "alert" });
  const run = async (method, path, body) => {
    try { await context.api(method, EVENTS(guild.id) + path, body); return true; }
    catch (error) { said.textContent = error.message; return false; }
  };
  const parts = guild.events.map((event) => card(event, guild, context, run));
  if (!parts.length) parts.push(element("p", {}, "There are no events."));
  if (guild.may_create_events) {
    const create = element("button", { type: "button", class: "use" }, "New event");
    create.onclick = () => create.parentNode.replaceWith(form(null, guild, context, run));
    parts.push(element("div", { class: "buttons" }, create));
  }
  dialog.replaceChildren(element("h2", { id: "events-title" }, `Events of ${guild.name}`), close, said, ...parts);
}

const when = (timestamp) => new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" }).format(new Date(timestamp));

function card(event, guild, context, run) {
  const interested = event.interested.includes(context.view().me);
  const star = element("button", { type: "button", "aria-pressed": String(interested), class: interested ? "use" : "" },
    `${interested ? "✓" : "☆"} Interested`);
  star.onclick = () => run(interested ? "DELETE" : "PUT", `/${event.id}/users/@me`);
  const buttons = element("div", { class: "buttons" }, star);
  const place = event.entity_type === EXTERNAL ? `At ${event.entity_metadata.location}` : `In ${context.names.channel(event.channel_id)}`;
  const made = element("article", { class: "event", "data-event": event.id },
    event.image ? element("img", { class: "cover", src: `/guild-events/${event.id}/${event.image}.png`, alt: "" }) : null,
    element("small", { class: event.status === ACTIVE ? "on" : "" }, `${STATUS[event.status]} · ${when(event.scheduled_start_time)}`),
    element("h3", {}, event.name),
    element("div", {}, place),
    event.description ? element("p", {}, event.description) : null,
    element("small", {}, `${event.interested.length} interested · by ${context.names.user(event.creator_id)}`), buttons);
  if (!event.may_change) return made;
  const action = (label, act) => { const each = element("button", { type: "button" }, label); each.onclick = act; buttons.append(each); };
  const become = (status) => () => run("PATCH", `/${event.id}`, { status });
  action("Edit", () => made.replaceWith(form(event, guild, context, run)));
  if (event.status === SCHEDULED) { action("Start", become(ACTIVE)); action("Cancel event", become(CANCELED)); }
  else action("End", become(COMPLETED));
  action("Delete", () => run("DELETE", `/${event.id}`));
  return made;
}

// The value of a datetime-local input, in the browser's own time.
function local(timestamp) {
  if (!timestamp) return "";
  const date = new Date(timestamp);
  return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function form(event, guild, context, run) {
  const field = (label, control) => element("div", { class: "option" }, element("label", {}, label, control));
  const input = (type, value, more = {}) => { const made = element("input", { type, ...more }); made.value = value; return made; };
  const voice = guild.channels.filter((each) => each.type === VOICE);
  const name = input("text", event?.name || "", { maxlength: "100", required: true });
  const starts = input("datetime-local", local(event?.scheduled_start_time), { required: true, disabled: event?.status === ACTIVE });
  const ends = input("datetime-local", local(event?.scheduled_end_time));
  const description = input("text", event?.description || "", { maxlength: "1000" });
  const location = input("text", event?.entity_metadata?.location || "", { maxlength: "100" });
  const place = element("select", {}, element("option", { value: "" }, "Somewhere else"),
    ...voice.map((each) => element("option", { value: each.id }, each.name)));
  place.value = event?.channel_id || "";
  const back = element("button", { type: "button" }, "Back");
  const made = element("form", { class: "event" }, field("Name", name), field("Starts", starts), field("Ends", ends), field("Where", place),
    field("Location", location), field("Description", description),
    element("div", { class: "buttons" }, element("button", { type: "submit", class: "use" }, "Save"), back));
  back.onclick = () => draw(context);
  made.onsubmit = async (submitted) => {
    submitted.preventDefault();
    const iso = (value) => (value ? new Date(value).toISOString() : null);
    const body = { name: name.value, description: description.value || null, scheduled_end_time: iso(ends.value), privacy_level: 2,
      ...(place.value ? { entity_type: VOICE, channel_id: place.value }
        : { entity_type: EXTERNAL, channel_id: null, entity_metadata: { location: location.value } }) };
    // A start that stays may have passed, and Discord takes none of an event that has begun.
    if (!starts.disabled && starts.value !== local(event?.scheduled_start_time)) body.scheduled_start_time = iso(starts.value);
    if (await run(event ? "PATCH" : "POST", event ? `/${event.id}` : "", body)) { made.remove(); draw(context); }
  };
  return made;
}
