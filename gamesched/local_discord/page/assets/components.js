// What is in a message besides its text: rows of buttons and selects, and the layouts of Components V2.

import { chooser } from "./controls.js";
import { element, markdown } from "./markdown.js";

const KINDS = { 1: row, 2: button, 9: section, 10: text, 11: thumbnail, 12: gallery, 13: file, 14: separator, 17: container };

// `context` has the functions `act` (a click) and `options` (what a select offers), and the `names`.
export function component(each, data, context) {
  return (KINDS[each.type] || select)(each, data, context);
}

const all = (list, data, context) => list.map((each) => component(each, data, context));

function row(each, data, context) {
  return element("div", { class: "row" }, ...all(each.components, data, context));
}

function text(each, data, { names }) {
  return markdown(each.content, names);
}

function section(each, data, context) {
  const made = element("div", { class: "section" }, element("div", {}, ...all(each.components, data, context)));
  const aside = component(each.accessory, data, context);
  made.append(each.accessory.type === 2 ? element("div", { class: "row" }, aside) : aside);
  return made;
}

function container(each, data, context) {
  const colour = each.accent_color === null ? null : `border-left-color:#${each.accent_color.toString(16).padStart(6, "0")}`;
  return covered(element("article", { class: "container", style: colour }, ...all(each.components, data, context)), each.spoiler);
}

function separator(each) {
  return element("hr", { class: `separator${each.spacing === 2 ? " wide" : ""}${each.divider ? "" : " bare"}` });
}

const picture = (item, kind) => covered(element("img", { class: kind, src: item.media.url, alt: item.description || "" }), item.spoiler);

function thumbnail(each) {
  return picture(each, "thumbnail");
}

function gallery(each) {
  return element("div", { class: `gallery of-${Math.min(each.items.length, 4)}` }, ...each.items.map((item) => picture(item, "picture")));
}

function file(each) {
  const size = each.size === null ? "" : ` (${each.size} bytes)`;
  const link = element("a", { class: "file attached", href: each.file.url, download: each.name || "" }, `▤ ${each.name || "file"}${size}`);
  return covered(link, each.spoiler);
}

// What is a spoiler is hidden until it is clicked.
function covered(made, spoiler) {
  if (!spoiler) return made;
  const cover = element("div", { class: "covered" }, made, element("button", { type: "button" }, "Spoiler"));
  cover.lastChild.onclick = () => cover.classList.add("open");
  return cover;
}

function face(each) {
  const sign = each.emoji ? (each.emoji.id ? `:${each.emoji.name}:` : each.emoji.name) : null;
  return [sign, each.label].filter(Boolean).join(" ");
}

function button(each, data, { act }) {
  if (each.url) return element("a", { href: each.url, target: "_blank", rel: "noopener" }, face(each));
  const made = element("button", { type: "button", class: `style${each.style}`, "data-custom-id": each.custom_id }, face(each));
  made.disabled = Boolean(each.disabled);
  made.onclick = () => { made.classList.add("waiting"); act(data, { component_type: 2, custom_id: each.custom_id }); };
  return made;
}

function select(each, data, { act, options }) {
  const made = chooser(each, options, each.placeholder || "Choose");
  const send = () => act(data, { component_type: each.type, custom_id: each.custom_id, values: made.values() });
  if (!made.several) {
    made.node.onchange = () => { if (made.node.value) send(); };
    return made.node;
  }
  const done = element("button", { type: "button", disabled: Boolean(each.disabled) }, "Choose");
  const check = () => { done.disabled = Boolean(each.disabled) || !made.right(); };
  done.onclick = () => { done.classList.add("waiting"); send(); };
  made.node.onchange = check;
  check();
  made.node.append(element("div", { class: "end" }, element("small", {}, made.range), done));
  return made.node;
}
