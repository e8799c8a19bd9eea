// Hands on a share link, and says times in the reader's own zone. The link is a field, and times have their zone, without.
const handsOn = Boolean(navigator.share) && matchMedia("(pointer: coarse)").matches;

function offerSharing() {
  for (const button of document.querySelectorAll("[data-share]")) {
    button.textContent = handsOn ? button.dataset.share : button.dataset.copy;
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
  button.textContent = button.dataset.copied;
  button.nextElementSibling.textContent = button.dataset.copied;
  setTimeout(() => {
    button.nextElementSibling.textContent = "";
    offerSharing();
  }, 2000);
});
addEventListener("focusin", (event) => {
  if (event.target.matches?.(".share input")) event.target.select();
});
addEventListener("htmx:afterSwap", offerSharing);
offerSharing();

const browserZoneNow = Intl.DateTimeFormat().resolvedOptions().timeZone;
const readersClock = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});
for (const time of document.querySelectorAll("time[data-own-zone]")) {
  if (time.dataset.ownZone === browserZoneNow) continue;
  time.textContent = `${readersClock.format(new Date(time.dateTime)).replace(/^(\w+),/, "$1")} your time`;
}
