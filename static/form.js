// A game's form: filled from one line, kept until it is saved, sent by Ctrl-Enter. Without this file it works as well.

const gameForm = document.getElementById("game-form");

for (const details of document.querySelectorAll("[data-wide-open]")) details.open = matchMedia("(min-width: 1100px)").matches;

// --- What is typed is not lost by leaving -----------------------------------------------------------------

const NOT_KEPT = new Set(["csrfmiddlewaretoken", "form_token", "edition", "fold"]);
const typedIn = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));

for (const form of document.querySelectorAll("form[data-guard]")) {
  const before = JSON.stringify(typedIn(form));
  let sending = false;
  form.addEventListener("submit", ({ submitter }) => {
    sending = submitter?.formTarget !== "_blank";
  });
  addEventListener("pageshow", () => {
    sending = false;
  });
  addEventListener("beforeunload", (event) => {
    const changed = "changed" in form.dataset || JSON.stringify(typedIn(form)) !== before;
    if (changed && !sending) event.preventDefault();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-save]"));
  });
}

// --- A draft that outlives its tab ------------------------------------------------------------------------

const KEPT_FOR = 7 * 24 * 3600 * 1000; // milliseconds

if (gameForm) {
  try {
    keepDraft(gameForm, localStorage);
  } catch {
    // Without storage there are no drafts.
  }
}

function keepDraft(form, storage) {
  const key = `draft.${form.dataset.draft}`;
  const mine = key.split(".", 2).join(".");
  const saved = /(?:^|; )saved_draft=([\w.]+)/.exec(document.cookie);
  if (saved) {
    storage.removeItem(`draft.${saved[1]}`);
    document.cookie = "saved_draft=; path=/; max-age=0; SameSite=Lax";
  }
  // Whoever used this browser before has no business here.
  for (const other of Object.keys(storage)) {
    if (other.startsWith("draft.") && !other.startsWith(`${mine}.`)) storage.removeItem(other);
  }
  const before = JSON.stringify(typedIn(form));
  const draft = JSON.parse(storage.getItem(key) ?? "null");
  let isAsked = false;
  let waiting = 0;

  function keep() {
    clearTimeout(waiting);
    if (isAsked) return;
    const fields = typedIn(form);
    if (JSON.stringify(fields) === before && !("changed" in form.dataset)) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify({ at: Date.now(), fields }));
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  });
  form.addEventListener("submit", keep);
  addEventListener("pagehide", keep);
  if ("changed" in form.dataset || !draft) return;
  if (Date.now() - draft.at > KEPT_FOR || JSON.stringify(draft.fields) === before) {
    storage.removeItem(key);
    return;
  }
  isAsked = true;
  offer(draft, (restore) => {
    isAsked = false;
    if (restore) fillFrom(form, draft.fields);
    keep();
    form.elements.title.focus();
  });
}

function offer(draft, answer) {
  const at = new Date(draft.at);
  const today = at.toDateString() === new Date().toDateString();
  const clock = at.toLocaleTimeString(root.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = at.toLocaleDateString(root.lang, { weekday: "long" });
  const box = document.createElement("div");
  box.className = "say draft";
  box.setAttribute("role", "status");
  const sentence = document.createElement("p");
  const text = today ? gettext("You have an unsaved draft from %(time)s.") : gettext("You have an unsaved draft from %(day)s, %(time)s.");
  sentence.textContent = interpolate(text, { day, time: clock }, true);
  const buttons = document.createElement("p");
  buttons.className = "actions";
  for (const [label, restore] of [[gettext("Restore it"), true], [gettext("Discard"), false]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      box.remove();
      answer(restore);
    });
    buttons.append(button);
  }
  box.append(sentence, buttons);
  gameForm.before(box);
}

function fillFrom(form, fields) {
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || NOT_KEPT.has(field.name) || ["file", "submit", "hidden"].includes(field.type)) continue;
    const found = values.get(field.name) ?? [];
    if (["checkbox", "radio"].includes(field.type)) field.checked = found.includes(field.value);
    else if (field.type === "select-multiple") for (const option of field.options) option.selected = found.includes(option.value);
    else if (found.length) field.value = found.shift();
    if (field.hidden) field.dispatchEvent(new Event("rewritten"));
    else if (field.tagName === "SELECT") field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

// --- The post, as Discord will show it --------------------------------------------------------------------

const TYPED = 150; // milliseconds without a key before we ask
const NOT_SHOWN = ["cover_file", "thumbnail_file", "form_token"];

const post = document.getElementById("post-preview");
if (post && gameForm) {
  let asked = null;
  let waiting = 0;

  async function show() {
    asked?.abort();
    asked = new AbortController();
    const body = new FormData(gameForm);
    for (const name of NOT_SHOWN) body.delete(name);
    const headers = { "HX-Request": "true", "HX-Target": post.id };
    try {
      const answer = await fetch(post.dataset.address, { method: "POST", body, headers, signal: asked.signal });
      if (!answer.ok || answer.redirected) return;
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
      // What stands elsewhere on the page: beside the time, and in the groups that are folded.
      for (const part of shown.querySelectorAll("[data-beside]")) {
        document.getElementById(part.id)?.replaceChildren(...part.childNodes);
        part.remove();
      }
      post.replaceChildren(...shown.body.childNodes);
    } catch {
      return; // asked anew meanwhile, or out of reach
    }
  }

  gameForm.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, TYPED);
  });
  show();
}

// --- The line above the form ------------------------------------------------------------------------------

const line = document.querySelector("form.line");
if (line && gameForm) {
  const filled = new Map(); // by field, what the line said last: what somebody typed over it stays
  line.addEventListener("submit", (event) => {
    event.preventDefault();
    gameForm.elements.title.focus();
  });
  addEventListener("htmx:afterSwap", ({ detail }) => {
    const said = detail.target.id === "reading" ? detail.target.querySelectorAll("data[data-field]") : [];
    for (const { dataset, value } of said) fill(dataset.field, value);
    if (said.length) gameForm.dispatchEvent(new Event("input", { bubbles: true }));
  });
  // Of a time that reads two ways, the one that is meant.
  document.getElementById("reading").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    const address = line.elements.what.getAttribute("hx-get");
    htmx.ajax("GET", `${address}${new URL(link.href).search}`, { target: "#reading", swap: "innerHTML" });
  });

  function fill(name, value) {
    let field = gameForm.elements[name];
    if (!field && name === "fold") {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      gameForm.append(field);
    }
    if (!field || ![field.defaultValue, "", filled.get(name)].includes(field.value)) return;
    field.value = value;
    filled.set(name, value);
  }

  // Which of two times is meant is said of the time that the line named, and of no other.
  for (const name of ["date", "time", "zone"]) {
    gameForm.elements[name].addEventListener("input", () => gameForm.querySelector("input[type=hidden][name=fold]")?.remove());
  }
}
