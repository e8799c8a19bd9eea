// A game's page: how long until its times, and its menu. In a block, as app.js has names of its own.
{
  // --- How long until a time, beside it: by the second in its last hour, where nobody asks for less motion ------------

  const HOUR = 3600; // seconds
  const counted = (unit) => new Intl.NumberFormat(root.lang, { style: "unit", unit });
  const [minutes, rest] = [counted("minute"), counted("second")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let planned = 0;

  // In words: "10:20" beside "20:22" reads as another time of day.
  function countedDown(seconds) {
    const parts = [[minutes, Math.floor(seconds / 60)], [rest, Math.floor(seconds % 60)]];
    const time = parts.filter(([, n]) => n).map(([unit, n]) => unit.format(n)).join(" ") || rest.format(0);
    return interpolate(gettext("in %(time)s"), { time }, true);
  }

  function count() {
    clearTimeout(planned);
    let ticking = false;
    for (const time of document.querySelectorAll("time[data-countdown]")) {
      const shown = time.nextElementSibling;
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      const soon = seconds >= 0 && seconds < HOUR;
      const text = soon && !still.matches ? countedDown(seconds) : relativeTime(seconds);
      if (shown.textContent !== text) shown.textContent = text;
      shown.classList.toggle("soon", soon);
      ticking ||= soon && !still.matches;
    }
    if (!document.hidden) planned = setTimeout(count, ticking ? 1000 - (Date.now() % 1000) : 20000);
  }

  count();
  addEventListener("htmx:afterSwap", count);
  addEventListener("visibilitychange", count);

  // --- The menu closes once what was chosen in it is sent; what was typed there stays in it ----------------------------

  addEventListener("htmx:beforeSend", ({ detail: { elt, requestConfig } }) => {
    const menu = requestConfig.verb === "get" ? null : elt.closest("#run-more");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus({ preventScroll: true });
    // What may be done now, such as undoing it, comes first on the page.
    const shows = ({ detail }) => detail.requestConfig === requestConfig && requestAnimationFrame(() => {
      document.querySelector(".asks > *")?.scrollIntoView({ block: "nearest" });
    });
    addEventListener("htmx:afterSettle", shows, { once: true });
  });
}
