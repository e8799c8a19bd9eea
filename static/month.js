// In the table of a month, arrow keys move between days, and Tab stops at one of them. Without this each is a link.

const table = matchMedia("(min-width: 860px)"); // below it the days are a list
const days = () => [...document.querySelectorAll(".month a.date")];
let stop = ""; // the id of the day at which Tab stops

function rove() {
  const all = days();
  const at =
    all.find((day) => day.id === stop) ??
    all.find((day) => day.ariaCurrent === "date") ??
    all.find((day) => !day.closest(".beside"));
  for (const day of all) day.tabIndex = !table.matches || day === at ? 0 : -1;
}

addEventListener("keydown", (event) => {
  const day = event.target.closest(".month a.date");
  if (!day || !table.matches || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const all = days();
  const at = all.indexOf(day);
  const first = at - (at % 7);
  const ahead = getComputedStyle(day).direction === "rtl" ? -1 : 1;
  const targets = {
    ArrowLeft: at - ahead, ArrowRight: at + ahead, ArrowUp: at - 7, ArrowDown: at + 7, Home: first, End: first + 6,
  };
  if (!(event.key in targets)) return;
  event.preventDefault();
  const next = all[targets[event.key]];
  if (!next) return;
  stop = next.id;
  rove();
  next.focus();
});

table.addEventListener("change", rove);
addEventListener("htmx:afterSwap", rove);
rove();
