// Controls that messages, modals and commands share: choices among things of the server, and lists below an input.

import { element } from "./markdown.js";

const SORTS = { 5: "user", 6: "role", 7: "mentionable", 8: "channel" }; // by the type of the component
export const TALK = [0, 5, 10, 11, 12]; // types of channels that messages are in

// What there is to choose from in this place, by name.
export function things(sort, view, place, names, channelTypes) {
  const guild = view.guilds.find((each) => each.id === place.guild);
  const dm = view.dms.find((each) => each.id === place.channel);
  const users = (guild?.members || [view.me, ...(dm ? [dm.with] : [])]).map((id) => ({ value: id, label: names.user(id) }));
  const roles = (guild?.roles || []).map((id) => ({ value: id, label: "@" + names.role(id) }));
  const channels = (guild?.channels || []).filter((each) => !channelTypes?.length || channelTypes.includes(each.type))
    .map((each) => ({ value: each.id, label: (each.type === 2 || each.type === 4 ? "" : "#") + each.name }));
  return { user: users, role: roles, mentionable: [...users, ...roles], channel: channels }[sort];
}

// A select as a component describes it: one choice from a list, or several by check boxes. `values` are those chosen.
export function chooser(component, options, label) {
  const all = component.type === 3 ? component.options : options(SORTS[component.type], component.channel_types);
  const chosen = new Set([...(component.options || []).filter((each) => each.default).map((each) => each.value),
    ...(component.default_values || []).map((each) => each.id)]);
  const least = component.min_values ?? 1, most = component.max_values ?? 1;
  if (most === 1) {
    const node = element("select", { "aria-label": label, disabled: Boolean(component.disabled) },
      element("option", { value: "" }, component.placeholder || "Choose…"),
      ...all.map((each) => element("option", { value: each.value, title: each.description || null }, each.label)));
    node.value = [...chosen][0] || "";
    return { node, control: node, several: false, values: () => (node.value ? [node.value] : []), right: () => true };
  }
  const boxes = all.map((each) => ({ value: each.value, each, box: element("input", { type: "checkbox", checked: chosen.has(each.value) }) }));
  const node = element("fieldset", { class: "choices", disabled: Boolean(component.disabled) },
    element("legend", {}, label || component.placeholder || "Choose"),
    ...boxes.map(({ each, box }) => element("label", {}, box, element("span", {}, each.label),
      each.description ? element("small", {}, each.description) : null)));
  const values = () => boxes.filter(({ box }) => box.checked).map(({ value }) => value);
  return { node, control: boxes[0]?.box, several: true, values, right: () => values().length >= least && values().length <= most,
    range: least === most ? `Choose ${least}.` : `Choose ${least} to ${most}.` };
}

// A list below (or above) an input, gone through by arrow keys. `choose` gets the value of the chosen item.
export function listbox(input, list, choose) {
  let items = [], active = -1;
  list.setAttribute("role", "listbox");
  for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(key, value);
  }
  const mark = (next) => {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = next;
    const row = list.children[active];
    if (!row) { input.removeAttribute("aria-activedescendant"); return; }
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row.id);
  };
  const show = (found, rows) => {
    items = found;
    active = -1;
    list.replaceChildren(...rows.map((inside, i) => {
      const row = element("li", { role: "option", id: `${list.id}-${i}`, "aria-selected": "false" }, ...inside);
      row.onmousedown = (event) => event.preventDefault(); // the input keeps the focus
      row.onclick = () => pick(i);
      return row;
    }));
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(items.length ? 0 : -1);
  };
  const hide = () => show([], []);
  const pick = (i) => { const chosen = items[i]; hide(); choose(chosen); };
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) mark((active + steps[event.key] + items.length) % items.length);
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) pick(active);
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", hide);
  hide();
  return { show, hide };
}
