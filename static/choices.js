// Long lists get a search, and one to choose several from toggles with one click. Without this file they are whole.

const MANY = 25; // rows

// What an address names is unfolded; not every browser does so by itself.
document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");

for (const list of document.querySelectorAll("select[multiple][data-searched]")) searchOptions(list);
for (const list of document.querySelectorAll("ul[data-searched]")) if (list.children.length > MANY) searchRows(list);

function searchRows(list) {
  const box = document.createElement("input");
  box.type = "search";
  box.autocomplete = "off";
  box.setAttribute("aria-label", list.dataset.searched);
  box.placeholder = list.dataset.searched;
  list.before(box);
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const row of list.children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

function searchOptions(list) {
  const options = [...list.options];
  const label = document.querySelector(`label[for="${list.id}"]`);
  const name = label ? label.firstChild.textContent.trim() : list.name;
  const box = document.createElement("input");
  box.type = "search";
  box.autocomplete = "off";
  box.setAttribute("aria-label", interpolate(gettext("Search: %(name)s"), { name }, true));
  box.setAttribute("aria-controls", list.id);
  box.placeholder = interpolate(gettext("Search %(count)s"), { count: options.length }, true);
  const chosen = document.createElement("p");
  chosen.className = "quiet small";
  chosen.setAttribute("role", "status");
  list.before(box);
  list.after(chosen);

  function sayChosen() {
    const names = options.filter((option) => option.selected).map((option) => option.text).join(", ");
    chosen.textContent = names ? interpolate(gettext("Chosen: %(names)s"), { names }, true) : gettext("None chosen");
  }

  // What is chosen stays, since only options in the list are sent.
  function show() {
    const wanted = box.value.trim().toLowerCase();
    list.replaceChildren(...options.filter((option) => option.selected || option.text.toLowerCase().includes(wanted)));
  }

  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it would send the form
  });
  list.addEventListener("mousedown", (event) => {
    if (!(event.target instanceof HTMLOptionElement) || list.disabled) return;
    event.preventDefault();
    const { scrollTop } = list;
    event.target.selected = !event.target.selected;
    list.focus();
    list.scrollTop = scrollTop;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  });
  list.addEventListener("change", sayChosen);
  sayChosen();
}
