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
