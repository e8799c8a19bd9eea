// The drawer of faults: what can go wrong, made to by one click. What there is and what each kind is told comes from
// the server's table; ids are never typed, but chosen by name.

import { element } from "./markdown.js";

const $ = (id) => document.getElementById(id);
const NUMBERS = { status: [200, 599, 1], number: [0, null, 1], count: [1, 100, 1], seconds: [0, 3600, "any"], part: [0, 1, "any"] };
const title = (name) => { const words = name.replaceAll("_", " ").replace("dms", "DMs"); return words[0].toUpperCase() + words.slice(1); };

let kinds = [], choices = {}, here = null, timer = null;

async function ask(method, path, body) {
  const answer = await fetch(`/sandbox/${path}`, { method, body: body && JSON.stringify(body) });
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told;
}

// --- fields: each is a node and what it says -------------------------------------------------------------------

const option = (each) => element("option", { value: each.value }, each.label);

function labelled(text, control) {
  return element("label", {}, element("span", {}, text), control);
}

function select(key, options, chosen) {
  const control = element("select", {}, ...(key.required || chosen ? [] : [option({ value: "", label: "—" })]), ...options.map(option));
  if (chosen && options.some((each) => each.value === chosen)) control.value = chosen;
  return { node: labelled(key.label, control), said: () => ({ [key.name]: control.value || null }) };
}

function boxes(key, options) {
  const all = options.map((each) => ({ value: each.value, box: element("input", { type: "checkbox" }), label: each.label }));
  const node = element("fieldset", {}, element("legend", {}, key.label),
    ...all.map((each) => element("label", { class: "check" }, each.box, each.label)));
  return { node, said: () => ({ [key.name]: all.filter((each) => each.box.checked).map((each) => each.value) }) };
}

function typed(key) {
  const range = NUMBERS[key.shape];
  const [min, max, step] = range || [];
  const attributes = range ? { type: "number", min: String(min), max: max === null ? null : String(max), step: String(step) } : { type: "text" };
  const control = element("input", attributes);
  control.value = key.default ?? "";
  control.required = Boolean(key.required);
  return { node: labelled(key.label, control), said: () => ({ [key.name]: control.value === "" ? null : range ? Number(control.value) : control.value }) };
}

function flag(key) {
  const box = element("input", { type: "checkbox", checked: key.default });
  return { node: element("label", { class: "check" }, box, key.label), said: () => ({ [key.name]: box.checked }) };
}

// Of several things one: a list of all by their sort.
function oneOf(keys) {
  const control = element("select", {}, ...keys.map((key) => element("optgroup", { label: key.label.split(";")[0] },
    ...choices[key.shape].map((each) => element("option", { value: `${key.name} ${each.value}` }, each.label)))));
  const current = `channel_id ${here.channel}`;
  if (keys.some((key) => key.shape === "channel")) control.value = current;
  if (!control.value) control.selectedIndex = 0;
  return { node: labelled(keys[0].one_of, control), said: () => { const [name, id] = control.value.split(" "); return { [name]: id }; } };
}

function channels() {
  const known = choices.channel;
  return !here.channel || known.some((each) => each.value === here.channel) ? known : [{ value: here.channel, label: here.title }, ...known];
}

function field(key) {
  const wanted = { channel: here.channel, person: here.me, guild: here.guild }[key.shape];
  switch (key.shape) {
    case "messages": return null;
    case "guild": return choices.guild.length > 1 ? select({ ...key, required: true, label: "server" }, choices.guild, wanted) : null;
    case "channel": return select(key, channels(), wanted);
    case "voice": case "event": case "role": case "any_role": case "person": return select(key, choices[key.shape], wanted);
    case "member": case "message": case "request": return select(key, choices[key.shape], String(key.default ?? ""));
    case "roles": return boxes(key, choices.roles);
    case "permissions": return boxes(key, choices.permissions);
    case "choice": return select(key, key.choices.map((each) => ({ value: each, label: each })), key.default);
    case "flag": return flag(key);
    default: return typed(key);
  }
}

// --- kinds -----------------------------------------------------------------------------------------------------

function row(kind) {
  const alone = kind.keys.filter((key) => !key.one_of);
  const together = kind.keys.filter((key) => key.one_of);
  const fields = [together.length ? { ...oneOf(together), seldom: false } : null,
    ...alone.map((key) => { const made = field(key); return made && { ...made, seldom: key.seldom }; })].filter(Boolean);
  const button = element("button", { type: "submit" }, title(kind.name));
  const form = element("form", { "aria-label": title(kind.name) }, element("div", { class: "kind" }, button, element("p", {}, kind.does)));
  const often = fields.filter((each) => !each.seldom).map((each) => each.node);
  const seldom = fields.filter((each) => each.seldom).map((each) => each.node);
  if (often.length) form.append(element("div", { class: "fields" }, ...often));
  if (seldom.length) form.append(element("details", { class: "seldom" }, element("summary", {}, "More"), element("div", { class: "fields" }, ...seldom)));
  form.onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    try { say((await ask("POST", "faults", Object.assign({ kind: kind.name }, ...fields.map((each) => each.said())))).said); }
    catch (error) { say(error.message, true); }
    button.disabled = false;
    button.focus();
    await look();
  };
  return form;
}

function say(text, wrong = false) {
  $("fault-said").textContent = text;
  $("fault-said").className = wrong ? "wrong" : "";
}

function draw() {
  const groups = new Map();
  for (const kind of kinds) groups.set(kind.group, [...(groups.get(kind.group) || []), kind]);
  const open = new Map([...$("fault-kinds").children].map((each) => [each.dataset.group, each.open]));
  $("fault-kinds").replaceChildren(...[...groups].map(([group, inside], i) => element("details",
    { "data-group": group, open: open.get(group) ?? i === 0 }, element("summary", {}, group), ...inside.map(row))));
}

// --- what waits, and the bot -----------------------------------------------------------------------------------

function waits(fault) {
  const seconds = fault.seconds_left;
  if (seconds === null) return "begins with the next request";
  if (seconds !== undefined) return `${seconds} s left`;
  return fault.times ? `${fault.times} to come` : "until cleared";
}

async function look() {
  clearTimeout(timer);
  try {
    const [waiting, status] = await Promise.all([ask("GET", "faults"), ask("GET", "status")]);
    $("fault-bot").textContent = status.bot_connected ? "The bot is connected" : "The bot is not connected";
    $("fault-bot").className = status.bot_connected ? "on" : "off";
    $("fault-waiting").hidden = !waiting.length;
    const asked = (pattern) => choices.request.find((each) => each.value === pattern)?.label || pattern;
    $("fault-waiting").firstElementChild.replaceChildren(...waiting.map((each) =>
      element("li", {}, element("b", {}, title(each.kind)), each.match ? ` · ${asked(each.match)}` : "", ` · ${waits(each)}`)));
    $("faults-open").textContent = waiting.length ? `Faults (${waiting.length})` : "Faults";
    if ($("faults").open || waiting.length) timer = setTimeout(look, 1000);
  } catch { timer = setTimeout(look, 3000); /* the local Discord itself is away; the page says so */ }
}

function close() {
  $("faults").close();
  $("faults-open").setAttribute("aria-expanded", "false");
  $("faults-open").focus();
}

// `where` tells the channel's id and title, the guild and the person of the page, once `drawn` is done.
export function panel(where, drawn) {
  $("faults-open").onclick = async () => {
    if ($("faults").open) return close();
    await drawn;
    [kinds, choices] = await Promise.all([ask("GET", "faults/kinds"), ask("GET", "faults/choices")]);
    moved(where());
    say("");
    $("faults").show();
    $("faults-open").setAttribute("aria-expanded", "true");
    await look();
  };
  $("faults-close").onclick = close;
  $("fault-clear").onclick = async () => { await ask("DELETE", "faults"); say("Nothing waits or lasts any more."); $("faults-close").focus(); await look(); };
  $("faults").onkeydown = (event) => { if (event.key === "Escape") close(); };
}

// Another channel or person: what is chosen at first is there.
export function moved(where) {
  if (here && here.channel === where.channel && here.me === where.me && $("faults").open) return;
  here = where;
  if (kinds.length) draw();
}
