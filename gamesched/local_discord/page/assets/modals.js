// Modals: a bot asks in a dialog, and gets what was filled in.

import { chooser } from "./controls.js";
import { element, markdown } from "./markdown.js";

const ROW = 1, TEXT = 4, TEXT_DISPLAY = 10, LABEL = 18;

let asked = null; // the modal that is open: its nonce once it was sent, and what becomes of it

// One component: its node, what it says, and whether that is enough.
function field(component, label, description, i, place) {
  const id = `modal-${i}`;
  const required = component.required ?? true;
  const text = (control) => element("div", { class: "option" }, element("label", { for: id }, label + (required ? "" : " (optional)")),
    description ? element("small", {}, description) : null, control);
  if (component.type === TEXT) {
    const limit = (value) => (value === undefined || value === null ? null : String(value));
    const control = element(component.style === 2 ? "textarea" : "input", { id, placeholder: component.placeholder || null,
      maxlength: limit(component.max_length ?? 4000), minlength: limit(component.min_length), rows: component.style === 2 ? "5" : null });
    control.required = required;
    control.value = component.value || "";
    return { node: text(control), said: () => ({ type: TEXT, custom_id: component.custom_id, value: control.value }), problem: () => "" };
  }
  const made = chooser({ ...component, min_values: required ? component.min_values : 0 }, place.options, label);
  const said = () => ({ type: component.type, custom_id: component.custom_id, values: made.values() });
  if (made.several) {
    const node = element("div", { class: "option" }, made.node, description ? element("small", {}, description) : null);
    return { node, said, problem: () => (made.right() ? "" : `${label}: ${made.range}`) };
  }
  made.node.id = id;
  made.node.required = required;
  made.node.removeAttribute("aria-label");
  return { node: text(made.node), said, problem: () => "" };
}

// A row has its label in the input; a Label is around it.
function read(component, i, place) {
  if (component.type === TEXT_DISPLAY) return { node: markdown(component.content, place.names) };
  const inside = component.type === LABEL ? component.component : component.components[0];
  const made = field(inside, component.label || inside.label || inside.placeholder || "", component.description, i, place);
  const said = () => (component.type === LABEL ? { type: LABEL, component: made.said() } : { type: ROW, components: [made.said()] });
  return { ...made, said };
}

export function modal(told, place) {
  asked?.close();
  const parts = told.components.map((each, i) => read(each, i, place));
  const wrong = element("p", { class: "wrong", role: "alert" });
  const submit = element("button", { type: "submit", class: "use" }, "Submit");
  const cancel = element("button", { type: "button" }, "Cancel");
  const form = element("form", { autocomplete: "off" }, element("h2", { id: "modal-title" }, told.title),
    ...parts.map((each) => each.node), wrong, element("div", { class: "buttons" }, submit, cancel));
  const dialog = element("dialog", { class: "modal", "aria-labelledby": "modal-title" }, form);
  const own = { nonce: null, close: () => dialog.close(), fail: (why) => { wrong.textContent = why; submit.disabled = false; } };
  cancel.onclick = own.close;
  dialog.onclose = () => { dialog.remove(); if (asked === own) asked = null; };
  form.onsubmit = async (event) => {
    event.preventDefault();
    wrong.textContent = parts.map((each) => each.problem?.()).find(Boolean) || "";
    if (wrong.textContent) return;
    submit.disabled = true;
    own.nonce = place.nonce();
    const components = parts.filter((each) => each.said).map((each) => each.said());
    const where = { channel_id: told.channel_id, application_id: told.application_id };
    try { await place.interact({ type: 5, nonce: own.nonce, ...where, data: { id: told.id, custom_id: told.custom_id, components } }); }
    catch (error) { own.fail(error.message); }
  };
  asked = own;
  document.body.append(dialog);
  dialog.showModal();
}

// What became of something with a nonce. Returns whether it was the modal.
export function answeredModal(t, d) {
  if (!asked || !asked.nonce || asked.nonce !== d.nonce) return false;
  if (t === "INTERACTION_FAILURE") asked.fail("Something went wrong. Try again.");
  else asked.close();
  return true;
}
