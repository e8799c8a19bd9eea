// Hands on a share link, and says times in the reader's own zone. The link is a field, and times have their zone, without.
const handsOn = Boolean(navigator.share) && matchMedia("(pointer: coarse)").matches;

let copiedUntil = 0; // in milliseconds of the page's life

// A page that looks again brings the button anew, so what it says is kept here.
function offerSharing() {
  const copied = performance.now() < copiedUntil;
  for (const button of document.querySelectorAll("[data-share]")) {
    const { share, copy, copied: done } = button.dataset;
    button.textContent = handsOn ? share : copied ? done : copy;
    button.nextElementSibling.textContent = copied ? done : "";
    button.hidden = !handsOn && !navigator.clipboard;
  }
}

addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-share]");
  if (!button) return;
  const url = button.closest(".share").querySelector("input").value;
  try {
    if (handsOn) await navigator.share({ title: document.title, url });
    else await navigator.clipboard.writeText(url);
  } catch {
    return; // the person thought better of it, or the browser does not allow it
  }
  if (handsOn) return;
  copiedUntil = performance.now() + 2000;
  offerSharing();
  setTimeout(offerSharing, 2050);
});
addEventListener("focusin", (event) => {
  if (event.target.matches?.(".share input")) event.target.select();
});
addEventListener("htmx:afterSwap", offerSharing);
offerSharing();

const browserZoneNow = Intl.DateTimeFormat().resolvedOptions().timeZone;
const readersClock = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : root.lang, {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});
for (const time of document.querySelectorAll("time[data-own-zone]")) {
  if (time.dataset.ownZone === browserZoneNow) continue;
  const when = readersClock.format(new Date(time.dateTime)).replace(/^(\w+),/, "$1");
  time.textContent = interpolate(gettext("%(when)s your time"), { when }, true);
}
