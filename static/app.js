// Everything here is a convenience: every page works without it. The words are those of gamesched/script_words.py.

// --- Theme ---------------------------------------------------------------------------------------------

const root = document.documentElement;
const preferred = () => (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", () => {
    root.dataset.theme = (root.dataset.theme || preferred()) === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Without storage the choice lasts for this page.
    }
  });
}

// --- A menu closes when the person turns elsewhere --------------------------------------------------------

const OPEN_MENUS = "details.menu[open], details.more[open]";
addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(OPEN_MENUS)) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(OPEN_MENUS);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// --- The browser's time zone ----------------------------------------------------------------------------

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// For who has not chosen one, the server takes it at the next page: see guilds/middleware.py.
if (browserZone && "zoneUnknown" in document.body.dataset) document.cookie = `zone=${browserZone}; path=/; SameSite=Lax`;

for (const form of document.querySelectorAll("form[data-zone-offer]")) {
  if (!browserZone || form.dataset.zoneNow === browserZone) continue;
  if (form.dataset.zoneNow === "") {
    document.getElementById("id_zone").value = browserZone; // none is chosen yet, so the list starts at the likely one
    continue;
  }
  form.elements.zone.value = browserZone;
  const name = form.querySelector("[data-zone-name]");
  if (name) name.textContent = browserZone.replaceAll("_", " ");
  form.querySelector("[data-zone-button]").hidden = false;
  form.hidden = false;
}

// --- The current tab is in view; app.css says so too, to browsers that know it -----------------------------

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// --- Back to the default ---------------------------------------------------------------------------------

for (const input of document.querySelectorAll("form[data-settings-layer] [data-inherits]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain inherit";
  button.textContent = gettext("Use the default");
  const setting = input.labels[0].firstChild.textContent.trim();
  button.setAttribute("aria-label", interpolate(gettext("%(setting)s: use the default"), { setting }, true));
  const offer = () => {
    button.hidden = input.value === "";
  };
  button.addEventListener("click", () => {
    input.value = "";
    offer();
    input.focus();
  });
  input.addEventListener("input", offer);
  input.closest(".field").append(button);
  offer();
}

// --- "in 3 hours", beside times -------------------------------------------------------------------------

const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]]; // seconds
const words = new Intl.RelativeTimeFormat(root.lang, { numeric: "auto" });

// Rounded, in the largest unit of which it is one and a half: relative_time of games/core/wording.py has the same rule.
function relativeTime(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= 1.5 * size) || UNITS.at(-1);
  return words.format(Math.sign(seconds) * Math.round(Math.abs(seconds) / size), unit);
}

function sayRelativeTimes() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    time.nextElementSibling.textContent = relativeTime((Date.parse(time.dateTime) - Date.now()) / 1000);
  }
}

sayRelativeTimes();
setInterval(sayRelativeTimes, 20000);
addEventListener("htmx:afterSwap", sayRelativeTimes);

// --- Answers of buttons ---------------------------------------------------------------------------------

const CALM = 600; // milliseconds after an answer in which a click belongs to the button that was there before
let answered = -CALM;

// A form's preview is posted as the form is, and only reads: what is typed just after another answer is shown too.
const reading = ({ detail: { requestConfig } }) => requestConfig.verb === "get" || requestConfig.elt.matches("[data-preview]");

function say(sentence, kind = "error") {
  const line = document.createElement("p");
  line.className = `say ${kind}`;
  line.textContent = sentence;
  says.replaceChildren(line);
}

// What was refused came back as the value that the page has, and is typed all the same.
const isTyped = (field) => field.value !== field.defaultValue || field.matches("[aria-invalid]");
// What was said leaves when it has been read: a refusal or warning only when the page has changed since, or when the
// person dismisses it. A question stays until it is answered or dismissed.
const says = document.getElementById("says");
const readUntil = new WeakMap(); // by line, on the clock of performance.now()

function leave(line) {
  const wait = readUntil.get(line) - performance.now();
  // A finger leaves :hover behind where it last was.
  const pointed = matchMedia("(hover: hover)").matches && line.matches(":hover");
  const busy = document.hidden || pointed || line.matches(":focus-within");
  if (wait <= 0 && !busy) line.remove();
  else setTimeout(leave, Math.max(wait, 1000), line);
}

function addDismissButton(line) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dismiss";
  button.textContent = "×";
  button.setAttribute("aria-label", gettext("Dismiss"));
  button.addEventListener("click", () => {
    line.remove();
    document.getElementById("main").focus({ preventScroll: true });
  });
  line.append(button);
}

function expectReading() {
  for (const line of says.children) {
    if (readUntil.has(line)) continue;
    readUntil.set(line, performance.now() + 4000 + 50 * line.textContent.length);
    addDismissButton(line);
    if (!line.matches(".error, .warning")) leave(line);
    requestAnimationFrame(showFocus);
  }
}

// What is pressed stays in sight: app.css keeps the line's height free where something is scrolled to.
function showFocus() {
  const focused = document.activeElement;
  if (focused.matches("main *") && !says.contains(focused)) focused.scrollIntoView({ block: "nearest" });
}

new MutationObserver(expectReading).observe(says, { childList: true });
expectReading();
addEventListener("htmx:afterSwap", (event) => {
  if (!reading(event)) return;
  for (const line of says.children) if (!line.querySelector("form")) leave(line);
});

// A page that is out of date loads again, but never over what somebody has typed: sent, that comes back filled in.
function reload() {
  if (!hasTyped()) location.reload();
  else say(gettext("This page is out of date. Send what you typed, or reload without it."));
}

function hasTyped() {
  return [...document.querySelectorAll("main input:not([type=hidden]), main textarea")].some(isTyped);
}

// What was typed or ticked before the scripts came, or what the browser kept over a reload, had nobody to hear it.
addEventListener("DOMContentLoaded", () => {
  const isChanged = ({ type, checked, defaultChecked, value, defaultValue }) =>
    ["checkbox", "radio"].includes(type) ? checked !== defaultChecked : defaultValue !== undefined && value !== defaultValue;
  for (const element of document.querySelectorAll("form[hx-trigger], input[hx-trigger]")) {
    if (![...(element.elements ?? [element])].some(isChanged)) continue;
    const kind = element.getAttribute("hx-trigger").match(/^(input|change)/);
    if (kind) element.dispatchEvent(new Event(kind[0], { bubbles: true }));
  }
});

addEventListener("htmx:beforeRequest", (event) => {
  if (reading(event) || performance.now() - answered >= CALM) return;
  event.preventDefault();
  say(gettext("The page had just changed, so nothing happened. Press again if you still want to."));
});

// A press is shown at once, by what is under way and not by what it may bring: only the answer knows who has the seat.
// A second press of the same form is none.
addEventListener(
  "submit",
  (event) => {
    if (!event.target.querySelector("[aria-busy=true]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

function showPressed({ detail: { xhr, elt, requestConfig } }) {
  const button = requestConfig.triggeringEvent?.submitter ?? elt.querySelector("button:not([type=button])");
  if (!button) return;
  const label = button.textContent;
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) button.textContent = button.dataset.busy;
  xhr.addEventListener("loadend", () => {
    button.removeAttribute("aria-busy");
    if (button.dataset.busy) button.textContent = label;
  });
}

// A fragment of somebody who was logged out sends its page to the log-in; but never away from what is typed: sent, that is
// kept, and comes back after the log-in.
addEventListener("htmx:beforeOnLoad", (event) => {
  if (!reading(event) || !event.detail.xhr.getResponseHeader("HX-Redirect") || !hasTyped()) return;
  event.preventDefault();
  say(gettext("You're logged out. Send what you typed: it comes back when you log in."));
});
addEventListener("htmx:beforeSwap", (event) => {
  // A redirect means a whole page.
  const asked = new URL(event.detail.requestConfig.path, location.href).pathname;
  const given = event.detail.xhr.responseURL;
  if (given && new URL(given).pathname !== asked) {
    event.detail.shouldSwap = false;
    reload();
  }
});
const REFUSED = {
  413: gettext("That's more than we take. Send less, then try again."),
  429: gettext("That's too often. Wait a minute, then try again."),
  503: gettext("We're busy, so nothing happened. Try again in a moment."),
};
addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (!reading(event)) say(REFUSED[status] ?? gettext("That didn't work. Reload the page, then try again."));
  else if ([403, 404].includes(status)) reload();
});
addEventListener("htmx:sendError", (event) => {
  if (reading(event)) return;
  say(gettext("That didn't reach us, so nothing changed here. Check your connection, then try again."));
});

// Whoever pressed a button that is gone with its answer goes on from the page, not from nowhere; and sees its top, with
// what may be done now, where the whole section is gone.
addEventListener("htmx:afterSettle", (event) => {
  const asked = event.detail.requestConfig;
  if (!asked || asked.verb === "get") return;
  if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  if (asked.elt.isConnected && asked.elt.offsetParent === null) live().scrollIntoView();
});

// What was unfolded or scrolled stays so when the page looks again, what was typed stays typed, and what is wrong with it stays
// beside it.
let unfolded = [];
let focused = "";
let typed = [];
let problems = [];
let scrolled = [];
addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  unfolded = [...target.querySelectorAll("details[open][id]")].map((found) => found.id);
  focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  scrolled = [...target.querySelectorAll("[data-scrolls]")].map((found) => [found.id, found.scrollLeft]);
  // Of the form that was sent, only what was typed since: the answer has the rest.
  const sent = reading(event) ? null : requestConfig.elt.closest("form");
  const isNews = (field) => (field.form === sent ? field.value !== requestConfig.formData.get(field.name) : isTyped(field));
  typed = [...target.querySelectorAll("input[id]:not([type])")].filter(isNews).map((field) => [field.id, field.value]);
  problems = [...target.querySelectorAll("[data-refused]")].filter((problem) => problem.closest("form") !== sent);
});
addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  // htmx gave the focus back while its element was still folded away, where nothing takes it.
  if (document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  for (const [id, left] of scrolled) document.getElementById(id)?.scrollTo(left, 0);
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  for (const problem of problems) {
    const field = document.getElementById(problem.id.replace(/-error$/, ""));
    if (!field) continue;
    field.closest(".field").classList.add("wrong");
    field.closest(".field").append(problem);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${problem.id}`.trim());
  }
});

// --- Live pages: the socket says only "look again"; the page fetches its own fragment -----------------------

const JITTER = 300; // milliseconds, so that a thousand open pages do not ask in the same instant
const SLOWEST = 30000; // milliseconds between two attempts to connect
const STRANGER = 4403;
const UNKNOWN = 4404;

const live = () => document.querySelector("[data-live]");
// What the server calls the fragment that is shown: it answers a look at the same by 304. Of an action's answer, nothing.
let shownTag = null;
addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "get" && event.detail.elt === live() && shownTag) {
    event.detail.headers["If-None-Match"] = shownTag;
  }
});
addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.shouldSwap || event.detail.target !== live()) return;
  shownTag = reading(event) ? event.detail.xhr.getResponseHeader("ETag") : null;
});
const state = document.querySelector("[data-live-state]");
let wanted = false; // somebody rang since the last look began
const underWay = new Map(); // requests, and whether each only reads
let planned = 0;

function look() {
  wanted = true;
  if (planned || underWay.size || document.hidden) return;
  planned = setTimeout(() => {
    planned = 0;
    if (underWay.size || document.hidden) return;
    wanted = false;
    htmx.trigger(live(), "look");
  }, Math.random() * JITTER);
}

// A press ends a look under way: the look's answer would be older than the press, and its swap takes away the element
// that the press is answered into. The request itself tells its end, for an element that is gone tells nothing.
addEventListener("htmx:beforeSend", (event) => {
  const { xhr } = event.detail;
  const reads = reading(event);
  if (!reads) {
    showPressed(event);
    for (const [other, otherReads] of underWay) {
      if (!otherReads) continue;
      wanted = true;
      other.abort();
    }
  }
  underWay.set(xhr, reads);
  xhr.addEventListener("loadend", () => {
    underWay.delete(xhr);
    if (!reads) answered = performance.now();
    if (wanted) look();
  });
});
addEventListener("visibilitychange", () => {
  if (wanted) look();
});

function showState(name, text) {
  state.dataset.liveState = name;
  state.textContent = text;
}

let again = 0; // the timer of the next attempt to connect
let missed = 0; // attempts that failed

function listen(attempt) {
  again = 0;
  const address = new URL(`/live/?${live().dataset.live}`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  let failed = attempt;
  socket.onopen = () => {
    if (failed) look(); // for whatever rang while nobody listened
    failed = 0;
    showState("live", gettext("· Live"));
  };
  socket.onmessage = ({ data }) => {
    // Its greeting says what is current: nothing is missed between reading the page and listening.
    if (String(JSON.parse(data).now) !== live().dataset.revision) look();
  };
  socket.onclose = ({ code }) => {
    if (code === STRANGER || code === UNKNOWN) {
      reloadOnce();
      return;
    }
    showState("waiting", gettext("Reconnecting…"));
    missed = failed + 1;
    again = setTimeout(listen, Math.min(SLOWEST, 500 * 2 ** failed) * (0.5 + Math.random()), missed);
  };
}

// A page that loads while its socket is refused must not reload for ever.
function reloadOnce() {
  const before = Number(sessionStorage.getItem("reloaded"));
  sessionStorage.setItem("reloaded", String(Date.now()));
  if (Date.now() - before > 60000) reload();
}

if (live()) listen(0);

// --- Offline ----------------------------------------------------------------------------------------------

const offline = document.querySelector("[data-offline]");
const sayOffline = () => {
  offline.hidden = navigator.onLine;
  if (!navigator.onLine && live()) showState("waiting", gettext("Offline"));
};
sayOffline();
addEventListener("offline", sayOffline);
addEventListener("online", () => {
  sayOffline();
  if (!live()) return;
  if (again) {
    clearTimeout(again);
    listen(missed);
  } else showState("live", gettext("· Live"));
  look(); // a socket may seem open that heard nothing meanwhile
});

// --- Copying --------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-copy^=address-]")) {
  if (!navigator.clipboard) button.remove();
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    say(gettext("Copied."), "success");
  });
}
