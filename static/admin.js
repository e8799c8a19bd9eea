// Select2, by which Django's admin looks rows up, names its box by the chosen row alone: while none is, by nothing.

function nameBoxes() {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const box = select.nextElementSibling.querySelector("[role=combobox]");
    const chosen = box.querySelector("[role=textbox]");
    if (!chosen) continue; // of several
    const label = select.labels[0] ?? select; // in a table the select itself has the name
    label.id ||= `${select.id}_label`;
    box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    chosen.setAttribute("aria-labelledby", label.id);
  }
}

window.django?.jQuery?.(nameBoxes); // after Django's own, which makes the boxes
document.addEventListener("formset:added", nameBoxes);

// Filters stand beside the list where there is room, and are one line above it where there is none.
const filters = document.querySelector("#changelist-filter");
if (filters && matchMedia("(min-width: 768px)").matches) filters.open = true;

// Django's tables of a row's rows: their first head is empty, which is no head; and where nothing in one takes the focus,
// the table itself does, so that keys scroll it.
for (const head of document.querySelectorAll(".inline-group thead th:empty")) {
  const cell = document.createElement("td");
  cell.className = head.className;
  head.replaceWith(cell);
}
for (const group of document.querySelectorAll(".inline-group")) if (group.scrollWidth > group.clientWidth) group.tabIndex = 0;
