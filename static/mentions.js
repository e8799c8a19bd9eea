// Members are offered while a name is typed after @, one in each line or between commas. Without this file, or
// without an answer, the form resolves names when it is sent.

const WAIT = 200; // milliseconds without a key before we ask

for (const field of document.querySelectorAll("[data-members]")) offerMembers(field);

function offerMembers(field) {
  const frame = document.createElement("div");
  frame.className = "naming";
  field.replaceWith(frame);
  const list = document.createElement("ul");
  list.id = `${field.id}_members`;
  list.className = "members";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Members of this server");
  list.hidden = true;
  const status = document.createElement("p");
  status.className = "unseen";
  status.setAttribute("role", "status");
  frame.append(field, list, status);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);

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
    const space = /^ */.exec(field.value.slice(start, end))[0];
    field.setRangeText(space + option.dataset.written, start, end, "end");
    status.textContent = `${option.querySelector("b").textContent} chosen`;
    close();
    field.focus();
  }

  async function ask() {
    const { query, goesOn } = piece();
    if (!query) return;
    question = new AbortController();
    try {
      const answer = await fetch(`${field.dataset.members}?q=${encodeURIComponent(query)}`, { signal: question.signal });
      if (!answer.ok || answer.redirected) return;
      list.innerHTML = await answer.text();
    } catch {
      return; // asked anew meanwhile, or out of reach
    }
    const count = list.children.length;
    list.hidden = count === 0;
    if (count) mark(0);
    if (goesOn && !count) return; // a plain name after a member's
    status.textContent = count ? `${count} found. Up and down to choose, Enter to take, Escape to close.` : "No member of that name.";
  }

  field.addEventListener("input", () => {
    close();
    if (piece().query) waiting = setTimeout(ask, WAIT);
  });
  field.addEventListener("keydown", (event) => {
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

// --- Choosing whom an ambiguous name means --------------------------------------------------------------

for (const group of document.querySelectorAll("[data-choice]")) {
  const fields = document.querySelectorAll("textarea[data-members]");
  let written = group.dataset.choice;
  group.addEventListener("change", (event) => {
    const chosen = event.target.dataset.written;
    const literal = written.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    const typed = new RegExp(`(^|[,\\n])([^\\S\\n]*)${literal}[^\\S\\n]*(?=[,\\n]|$)`, "g");
    for (const field of fields) field.value = field.value.replace(typed, (_, before, space) => before + space + chosen);
    written = chosen;
  });
}
