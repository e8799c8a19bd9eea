// Everything here is a convenience: every page works without it.

// --- Theme ---------------------------------------------------------------------------------------------
const root = document.documentElement;

function theme() {
  return root.dataset.theme || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Without storage the choice lasts for this page.
    }
  });
}

// --- Menus close when the person turns elsewhere ----------------------------------------------------------
addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// --- The browser's time zone, offered -------------------------------------------------------------------
const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const form of document.querySelectorAll("form[data-zone-offer]")) {
  if (!browserZone) break;
  form.elements.zone.value = browserZone;
  form.querySelector("[data-zone-name]").textContent = browserZone.replaceAll("_", " ");
  form.querySelector("[data-zone-button]").hidden = false;
}

// --- "in 3 hours", beside times -------------------------------------------------------------------------
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function sayRelativeTimes() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size * 1.5) || UNITS[2];
    const said = words.format(Math.round(seconds / size), unit);
    if (time.nextElementSibling?.matches(".relative")) time.nextElementSibling.textContent = said;
  }
}
sayRelativeTimes();
setInterval(sayRelativeTimes, 20000);
addEventListener("htmx:afterSettle", sayRelativeTimes);

// --- Live pages: the socket says only "look again"; the page fetches its own fragment ---------------------
const JITTER = 300; // milliseconds, so that a thousand open pages do not ask in the same instant
const CALM = 600; // milliseconds after an answer in which a second click of a double click is no new wish
const STRANGER = 4403;
const UNKNOWN = 4404;

const live = () => document.querySelector("[data-live]");
const pill = document.querySelector("[data-live-state]");
let wanted = false; // somebody rang since the last look began
let busy = 0; // requests under way
let answered = -CALM;
let planned = 0;

function look() {
  wanted = true;
  if (planned || busy || document.hidden) return;
  planned = setTimeout(() => {
    planned = 0;
    if (busy || document.hidden || !live()) return;
    wanted = false;
    htmx.trigger(live(), "look");
  }, Math.random() * JITTER);
}

addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.requestConfig.verb !== "get" && performance.now() - answered < CALM) {
    event.preventDefault();
  } else {
    busy += 1;
  }
});
addEventListener("htmx:afterRequest", (event) => {
  busy = Math.max(0, busy - 1);
  if (event.detail.requestConfig.verb !== "get") answered = performance.now();
  // Logged out, removed or moved meanwhile: only a whole page can say so.
  if ([401, 403, 404].includes(event.detail.xhr.status)) location.reload();
  if (wanted) look();
});
addEventListener("visibilitychange", () => {
  if (!document.hidden && wanted) look();
});

function listen(attempt) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/live/?${live().dataset.live}`);
  socket.onopen = () => {
    pill.dataset.liveState = "live";
    pill.textContent = "Live";
    if (attempt) look(); // whatever rang while nobody listened
    attempt = 0;
  };
  socket.onmessage = look;
  socket.onclose = (event) => {
    if (event.code === STRANGER || event.code === UNKNOWN) {
      reloadOnce();
      return;
    }
    pill.dataset.liveState = "waiting";
    pill.textContent = "Reconnecting…";
    const wait = Math.min(30000, 500 * 2 ** attempt) * (0.5 + Math.random());
    setTimeout(() => listen(Math.min(attempt + 1, 6)), wait);
  };
}

// A page that loads while its socket is refused must not reload for ever.
function reloadOnce() {
  const last = Number(sessionStorage.getItem("reloaded") || 0);
  if (Date.now() - last < 60000) return;
  sessionStorage.setItem("reloaded", String(Date.now()));
  location.reload();
}

if (live()) listen(0);
