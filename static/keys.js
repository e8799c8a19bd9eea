// Single keys, and the palette that Ctrl-K opens: they press what the page shows, and go where its links go.

(() => {
  const keys = document.getElementById("keys");
  const palette = document.getElementById("palette");
  const isOpen = () => document.querySelector("dialog[open]") !== null;

  // --- Dialogs --------------------------------------------------------------------------------------------

  for (const dialog of [keys, palette]) {
    dialog.querySelector("[data-closes]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // what lies around it is its backdrop
    });
  }
  const openers = { keys: openKeys, palette: openPalette };
  for (const opener of document.querySelectorAll("[data-opens]")) {
    opener.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a link opens elsewhere then
      event.preventDefault();
      openers[opener.dataset.opens]();
    });
  }

  // --- Keys -----------------------------------------------------------------------------------------------

  const rows = [...keys.querySelectorAll("[data-key]")];
  const presses = new Map(rows.map((row) => [row.dataset.key, row.dataset.presses]));

  // Only those that press something on this page.
  function openKeys() {
    for (const row of rows) row.hidden = !document.querySelector(row.dataset.presses);
    keys.showModal();
  }

  // People who speak to their browser, or whose hands slip, turn them off: WCAG 2.1.4.
  const keysSwitch = keys.querySelector("[data-keys-switch]");
  try {
    keysSwitch.checked = localStorage.getItem("keys") !== "off";
  } catch {
    // Without storage the choice lasts for this page.
  }
  keysSwitch.addEventListener("change", () => {
    try {
      localStorage.setItem("keys", keysSwitch.checked ? "on" : "off");
    } catch {
      // As above.
    }
  });

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat || event.altKey) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== "k" || event.shiftKey || (isOpen() && !palette.open)) return;
      event.preventDefault();
      if (palette.open) palette.close();
      else openPalette();
      return;
    }
    // Some keyboards have / and ? behind Shift; a letter with it is another key.
    if (!keysSwitch.checked || isOpen() || (event.shiftKey && /^[a-z]$/.test(key))) return;
    if (!presses.has(key) || event.target.closest("input, textarea, select, [contenteditable]")) return;
    const pressed = [...document.querySelectorAll(presses.get(key))].find((one) => one.checkVisibility());
    if (!pressed) return;
    event.preventDefault();
    if (!pressed.dataset.opens) pressed.focus(); // a dialog gives the focus back to where it was
    pressed.click();
  });

  // --- The palette ----------------------------------------------------------------------------------------

  const WAIT = 120; // milliseconds without a key before we ask
  const SLOW = 300; // milliseconds after which we say that we ask
  const form = palette.querySelector("form");
  const field = form.querySelector("input");
  const found = document.getElementById("palette-found");
  const status = palette.querySelector("[role=status]");
  let options = [];
  let active = -1;
  let waiting = 0;
  let question = null;

  function openPalette() {
    if (isOpen()) return;
    palette.showModal();
    field.focus();
    field.select();
    ask();
  }

  function mark(index) {
    active = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }
  }

  // The fragment is a list of links, as on the search page; here the field has the focus, and they are its options.
  function show(html) {
    found.innerHTML = html;
    options = [...found.querySelectorAll("a")];
    for (const one of found.querySelectorAll("div, h2, ul, li")) one.setAttribute("role", "presentation");
    for (const one of found.querySelectorAll("section")) one.setAttribute("role", "group");
    for (const one of found.querySelectorAll("h2")) one.setAttribute("aria-hidden", "true");
    options.forEach((option, at) => {
      option.id = `palette-${at}`;
      option.tabIndex = -1;
      option.setAttribute("role", "option");
    });
    found.hidden = !options.length; // a listbox without options is none
    field.setAttribute("aria-expanded", String(options.length > 0));
    status.textContent = options.length ? "" : found.textContent.trim();
    mark(0);
  }

  async function ask() {
    question?.abort();
    const { signal } = (question = new AbortController());
    const slow = setTimeout(() => {
      status.textContent = status.dataset.slow;
    }, SLOW);
    try {
      const address = `${form.action}?q=${encodeURIComponent(field.value.trim())}`;
      const answer = await fetch(address, { signal, headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
      const login = answer.headers.get("HX-Redirect");
      if (login) location.assign(login);
      else if (answer.ok) show(await answer.text());
      else throw new Error(answer.status);
    } catch {
      if (!signal.aborted) status.textContent = status.dataset.failed;
    } finally {
      clearTimeout(slow);
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") mark(active + 1);
    else if (event.key === "ArrowUp") mark(active - 1);
    else if (event.key === "Enter" && active >= 0) options[active].click();
    else return;
    event.preventDefault();
  });
  palette.addEventListener("close", () => {
    clearTimeout(waiting);
    question?.abort();
  });
})();
