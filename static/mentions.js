// Members are offered while a name is typed after @, one in each line or between commas. Without this file, or
// without an answer, the form resolves names when it is sent.

const WAIT = 200; // milliseconds without a key before we ask

// The names in a text, one on each line or between commas; a name after @ may hold a comma: "@Smith, J".
const ID = /<@!?\d+>$/;
function namesIn(text) {
  return text.split("\n").flatMap((line) => {
    const names = [];
    for (const part of line.split(",").map((part) => part.trim())) {
      const goesOn = names.length && /^[@＠]/.test(names.at(-1)) && !/^[@＠]/.test(part) && !ID.test(part);
      if (goesOn) names[names.length - 1] += `, ${part}`;
      else names.push(part);
    }
    return names.filter(Boolean);
  });
}

// What is sent stays in the field that the page came with. People type in a box, and whom they chose stands before it.
function offerMembers(sent) {
  const field = sent.cloneNode();
  field.removeAttribute("name");
  field.removeAttribute("data-members");
  const members = sent.dataset.members;
  const onlyOne = sent.tagName === "INPUT";
  const frame = document.createElement("div");
  frame.className = "naming";
  sent.replaceWith(frame);
  sent.hidden = true;
  sent.removeAttribute("id");
  const chips = document.createElement("ul");
  chips.className = "chips";
  chips.setAttribute("aria-label", gettext("Named so far"));
  const list = document.createElement("ul");
  list.id = `${field.id}_members`;
  list.className = "members";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", gettext("Members of this server"));
  list.hidden = true;
  const status = document.createElement("p");
  status.className = "unseen";
  status.setAttribute("role", "status");
  frame.append(chips, field, list, status, sent);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);

  function write() {
    const typed = field.value.trim() ? [field.value] : [];
    sent.value = [...[...chips.children].map((chip) => chip.dataset.written), ...typed].join(onlyOne ? " " : "\n");
    chips.hidden = !chips.children.length;
    field.hidden = onlyOne && !chips.hidden;
  }

  function changed() {
    write();
    sent.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function addChip(written, face) {
    const name = written.replace(ID, "").trim() || written;
    const chip = document.createElement("li");
    chip.className = "chip";
    chip.dataset.written = written;
    const shown = face ? face.cloneNode() : document.createElement("span");
    shown.className = "face";
    if (!face) shown.textContent = name.replace(/^[@＠]/, "").slice(0, 1);
    shown.setAttribute("aria-hidden", "true");
    const label = document.createElement("span");
    label.textContent = name;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", interpolate(gettext("Remove %(name)s"), { name }, true));
    button.addEventListener("click", () => remove(chip));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Backspace" && event.key !== "Delete") return;
      event.preventDefault();
      remove(chip);
    });
    chip.append(shown, label, button);
    chips.append(chip);
  }

  function remove(chip) {
    const next = chip.nextElementSibling ?? chip.previousElementSibling;
    status.textContent = interpolate(gettext("%(name)s removed"), { name: chip.children[1].textContent }, true);
    chip.remove();
    changed();
    (next?.querySelector("button") ?? field).focus();
  }

  // Whom a text names by their ids, and all before the last of them, become chips: the order is that of the seats.
  function read() {
    const names = namesIn(sent.value);
    const last = names.findLastIndex((name) => ID.test(name));
    const typed = sent.value;
    chips.replaceChildren();
    for (const name of names.slice(0, last + 1)) {
      const known = document.querySelector(`[data-people] [data-written="${CSS.escape(name)}"] .face`);
      addChip(name, known);
    }
    field.value = last < 0 ? typed : names.slice(last + 1).join("\n");
    write();
  }

  sent.addEventListener("rewritten", read);
  read();

  let waiting = 0;
  let question = null;
  let active = -1;

  // The piece between commas and line ends in which the caret stands.
  function piece() {
    const caret = field.selectionStart;
    const before = field.value.slice(0, caret);
    const start = Math.max(before.lastIndexOf("\n"), before.lastIndexOf(",")) + 1;
    const rest = field.value.slice(caret).search(/[,\n]/);
    const end = rest < 0 ? field.value.length : caret + rest;
    const typed = before.slice(start).trimStart();
    // A name may hold a comma: "@Smith, J" goes on with the part before it.
    const whole = /(?:^|[\n,])\s*([@＠][^\n,<@＠]+,[^\n,<@＠]*)$/.exec(before);
    if (whole && !/^[@＠]/.test(typed)) return { start: caret - whole[1].length, end, query: whole[1].slice(1).trim(), goesOn: true };
    return { start, end, query: /^[@＠]/.test(typed) && !typed.includes("<") ? typed.slice(1).trim() : "" };
  }

  function close() {
    clearTimeout(waiting);
    question?.abort();
    list.hidden = true;
    list.replaceChildren();
    active = -1;
    field.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    const options = [...list.children];
    active = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    field.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    const { start, end } = piece();
    for (const name of namesIn(field.value.slice(0, start))) addChip(name);
    addChip(option.dataset.written, option.querySelector("img"));
    field.value = field.value.slice(end).replace(/^[\s,]+/, "");
    status.textContent = interpolate(gettext("%(name)s chosen"), { name: option.querySelector("b").textContent }, true);
    close();
    changed();
    (field.hidden ? chips.querySelector("button") : field).focus();
  }

  async function ask() {
    const { query, goesOn } = piece();
    if (!query) return;
    question = new AbortController();
    try {
      const answer = await fetch(`${members}?q=${encodeURIComponent(query)}`, { signal: question.signal });
      if (!answer.ok || answer.redirected) return;
      list.innerHTML = await answer.text();
    } catch {
      return; // asked anew meanwhile, or out of reach
    }
    const count = list.children.length;
    list.hidden = count === 0;
    if (count) mark(0);
    if (goesOn && !count) return; // a plain name after a member's
    const howMany = ngettext(
      "%(count)s found. Up and down to choose, Enter to take, Escape to close.",
      "%(count)s found. Up and down to choose, Enter to take, Escape to close.",
      count,
    );
    status.textContent = count ? interpolate(howMany, { count }, true) : gettext("No member of that name.");
  }

  field.addEventListener("input", () => {
    write();
    close();
    if (piece().query) waiting = setTimeout(ask, WAIT);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !field.value && chips.children.length) {
      event.preventDefault();
      chips.lastElementChild.querySelector("button").focus();
      return;
    }
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") mark(active + 1);
    else if (event.key === "ArrowUp") mark(active - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) choose(list.children[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  field.addEventListener("blur", close);
  field.addEventListener("click", close);
  // Before the field loses the focus, which would close the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}

for (const field of document.querySelectorAll("[data-members]")) offerMembers(field);

// --- Choosing whom an ambiguous name means --------------------------------------------------------------

for (const group of document.querySelectorAll("[data-choice]")) {
  const fields = document.querySelectorAll("textarea[data-members]");
  let written = group.dataset.choice;
  group.addEventListener("change", (event) => {
    const chosen = event.target.dataset.written;
    const literal = written.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    const typed = new RegExp(`(^|[,\\n])([^\\S\\n]*)${literal}[^\\S\\n]*(?=[,\\n]|$)`, "g");
    for (const field of fields) {
      field.value = field.value.replace(typed, (_, before, space) => before + space + chosen);
      field.dispatchEvent(new Event("rewritten"));
    }
    written = chosen;
  });
}
