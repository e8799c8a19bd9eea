// Slash commands: chosen from a list while one types, filled in by labelled inputs, and sent as Discord's client does.

import { chooser, listbox } from "./controls.js";
import { element } from "./markdown.js";

const $ = (id) => document.getElementById(id);
const SUBCOMMAND = 1, GROUP = 2, STRING = 3, INTEGER = 4, BOOLEAN = 5, NUMBER = 10, ATTACHMENT = 11;
const SORTED = { 6: 5, 7: 8, 8: 6, 9: 7 }; // options that are chosen like a component: user, channel, role, mentionable
const MOST = 50; // rows in the list

let place = null, entries = [], asked = 0;
const waiting = new Map(); // what to do about an answer, by nonce

// Each command, or each of its subcommands, is an entry of the list.
function flat(index) {
  const found = [];
  const walk = (command, path, each, steps) => {
    const inner = (each.options || []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
    const here = [...path, each.name];
    if (inner.length) inner.forEach((option) => walk(command, here, option, [...steps, option]));
    else found.push({ command, name: here.join(" "), description: each.description, options: each.options || [], steps });
  };
  for (const command of index.application_commands) if ((command.type || 1) === 1) walk(command, [], command, []);
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

const PERSON = 2, MESSAGE = 3; // kinds of entries in a menu

// The entries in the menu of a message, and of who wrote it unless that is an application, as buttons.
export async function menu(data) {
  const kinds = data.author.bot ? [MESSAGE] : [MESSAGE, PERSON];
  const found = (await place.index()).application_commands.filter((each) => kinds.includes(each.type));
  if (!found.length) return [" Nothing here."];
  return found.map((each) => {
    const button = element("button", { type: "button" }, each.name);
    const target = each.type === MESSAGE ? data.id : data.author.id;
    button.onclick = () => use({ id: each.id, name: each.name, version: each.version, type: each.type, target_id: target });
    return button;
  });
}

async function use(command) {
  const nonce = place.nonce();
  waiting.set(nonce, (t) => say(t === "INTERACTION_FAILURE" ? "The application did not respond." : "", true));
  try { await place.interact({ type: 2, nonce, data: command }); }
  catch (error) { waiting.delete(nonce); say(error.message, true); }
}

async function typed(list) {
  const text = $("text").value;
  if (!text.startsWith("/")) { entries = []; list.hide(); return; }
  const mine = asked += 1;
  if (!entries.length) {
    try { entries = flat(await place.index()); } catch { entries = []; }
  }
  if (mine !== asked || $("text").value !== text) return;
  const wanted = text.slice(1).trimStart().toLowerCase();
  const begins = entries.filter((each) => each.name.startsWith(wanted));
  const found = [...begins, ...entries.filter((each) => !begins.includes(each) && each.name.includes(wanted))].slice(0, MOST);
  list.show(found, found.map((each) => [element("b", {}, "/" + each.name), element("small", {}, each.description)]));
  say(text === "/" && !found.length ? "There is no command here." : "");
}

// --- options ---------------------------------------------------------------------------------------------------

// An input for an option: its node, and its value, or undefined when nothing is said.
function field(option, i, others) {
  const label = option.name + (option.required ? "" : " (optional)");
  const id = `option-${i}`;
  const plain = (control, value) => {
    control.id = id;
    control.required = Boolean(option.required);
    return { option, control, value, node: element("div", { class: "option" }, element("label", { for: id }, label), control, element("small", {}, option.description)) };
  };
  const from = (choices) => element("select", {}, element("option", { value: "" }, "—"),
    ...choices.map((each, n) => element("option", { value: String(n) }, each.name)));
  if (option.choices?.length) {
    const control = from(option.choices);
    return plain(control, () => option.choices[control.value]?.value);
  }
  if (option.type === BOOLEAN) {
    const control = from([{ name: "Yes" }, { name: "No" }]);
    return plain(control, () => (control.value ? control.value === "0" : undefined));
  }
  if (option.type in SORTED) {
    const made = chooser({ type: SORTED[option.type], channel_types: option.channel_types, placeholder: "—" }, place.options);
    made.control.removeAttribute("aria-label");
    return plain(made.control, () => made.values()[0]);
  }
  if (option.type === ATTACHMENT) {
    const control = element("input", { type: "file" });
    return plain(control, () => control.files[0]);
  }
  if (![STRING, INTEGER, NUMBER].includes(option.type)) return plain(element("input", { disabled: true, value: "not here" }), () => undefined);
  const number = option.type !== STRING;
  const limit = (value) => (value === undefined || value === null ? null : String(value));
  const control = element("input", { type: number && !option.autocomplete ? "number" : "text", autocomplete: "off",
    min: limit(option.min_value), max: limit(option.max_value), step: number ? (option.type === INTEGER ? "1" : "any") : null,
    minlength: limit(option.min_length), maxlength: limit(option.max_length) });
  let chosen = null;
  const value = () => {
    if (chosen && chosen.name === control.value) return chosen.value;
    if (control.value === "") return undefined;
    return number && !Number.isNaN(Number(control.value)) ? Number(control.value) : control.value;
  };
  const made = plain(control, value);
  if (option.autocomplete) {
    const list = element("ul", { class: "suggestions", id: `${id}-list`, "aria-label": `Choices for ${option.name}` });
    control.after(list);
    suggest(control, list, made, others, (each) => { chosen = each; control.value = each.name; });
  }
  return made;
}

// Choices that the bot gives while one types: interaction type 4.
function suggest(control, list, self, others, choose) {
  const shown = listbox(control, list, choose);
  let timer = null, latest = null;
  const ask = async () => {
    const { entry, fields } = others();
    const said = fields.filter((each) => each === self || (each.value() !== undefined && each.option.type !== ATTACHMENT));
    const options = said.map((each) => (each === self
      ? { type: each.option.type, name: each.option.name, value: control.value, focused: true }
      : { type: each.option.type, name: each.option.name, value: each.value() }));
    const nonce = latest = place.nonce();
    waiting.set(nonce, (t, d) => {
      if (nonce !== latest || document.activeElement !== control) return;
      const found = d.choices || [];
      shown.show(found, found.map((each) => [each.name]));
      if (t === "INTERACTION_FAILURE") say("Loading the choices failed.", true);
    });
    try { await place.interact({ type: 4, nonce, data: data(entry, options) }); }
    catch (error) { waiting.delete(nonce); say(error.message, true); }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 150); };
  control.addEventListener("input", soon);
  control.addEventListener("focus", soon);
}

function data(entry, options) {
  const nested = entry.steps.reduceRight((inside, step) => [{ type: step.type, name: step.name, options: inside }], options);
  const { id, name, version } = entry.command;
  return { id, name, version, type: 1, options: nested };
}

// --- the chosen command ----------------------------------------------------------------------------------------

function choose(entry) {
  $("text").value = "";
  const fields = [];
  const state = { entry, fields };
  const sorted = [...entry.options].sort((one, other) => Number(Boolean(other.required)) - Number(Boolean(one.required)));
  fields.push(...sorted.map((option, i) => field(option, i, () => state)));
  const use = element("button", { type: "submit", class: "use" }, "Use command");
  const cancel = element("button", { type: "button" }, "Cancel");
  cancel.onclick = leave;
  $("command").replaceChildren(element("h2", {}, "/" + entry.name, element("small", {}, entry.description)),
    element("div", { class: "options" }, ...fields.map((each) => each.node)), element("div", { class: "buttons" }, use, cancel));
  $("command").onsubmit = (event) => { event.preventDefault(); send(state, use); };
  $("command").setAttribute("aria-label", "/" + entry.name);
  $("command").hidden = false;
  $("say").hidden = true;
  say("");
  // With nothing that must be filled in, Enter twice uses the command.
  (sorted[0]?.required ? fields[0].control : use).focus();
}

function leave() {
  $("command").hidden = true;
  $("command").replaceChildren();
  $("say").hidden = !place.where().channel;
  $("text").focus();
}

async function send({ entry, fields }, use) {
  use.disabled = true;
  const files = [];
  const options = fields.filter((each) => each.value() !== undefined).map((each) => {
    const value = each.option.type === ATTACHMENT ? String(files.push(each.value()) - 1) : each.value();
    return { type: each.option.type, name: each.option.name, value };
  });
  const nonce = place.nonce();
  waiting.set(nonce, (t) => say(t === "INTERACTION_FAILURE" ? "The application did not respond." : "", true));
  try {
    await place.interact({ type: 2, nonce, data: data(entry, options) }, files);
    if (waiting.has(nonce)) say(`Sending /${entry.name}…`);
    leave();
  } catch (error) {
    waiting.delete(nonce);
    say(error.message, true);
    use.disabled = false;
  }
}

function say(text, wrong = false) {
  $("notice").textContent = text;
  $("notice").className = text && wrong ? "wrong" : "";
}

// --- for the page ----------------------------------------------------------------------------------------------

// `here` tells where one is, what there is to choose from, and how to ask and interact.
export function commands(here) {
  place = here;
  const list = listbox($("text"), $("commands"), choose);
  $("text").addEventListener("input", () => typed(list));
  $("command").addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
}

// Somewhere else: other commands, and none half filled in.
export function left() {
  entries = [];
  say("");
  if (!$("command").hidden) leave();
}

// What became of something with a nonce. Returns whether it was of a command.
export function answered(t, d) {
  const then = waiting.get(d.nonce);
  waiting.delete(d.nonce);
  then?.(t, d);
  return Boolean(then);
}
