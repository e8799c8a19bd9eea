// A person's place in a list changes by dragging the handle beside the name, or by the arrow keys upon it. What came of it
// is sent once, with the order that was seen. Without this file the menu beside each name moves by one.
{
  const PAUSE = CALM + 50; // milliseconds without a key before a move by keys is sent; app.js takes nothing sooner
  const EDGE = 90; // pixels from the window's edges at which dragging scrolls
  let move = null; // the item under way, its handle and list, and where it was
  let missed = false; // the page should have looked meanwhile
  let planned = 0;

  const itemsOf = (list) => [...list.querySelectorAll(":scope > li:not(.open)")];
  const placeOf = ({ item, list }) => itemsOf(list).indexOf(item);

  // The others go around it: moved itself, it would lose focus and pointer.
  function step({ item, list }, down) {
    const other = down ? item.nextElementSibling : item.previousElementSibling;
    if (!other || other.matches(".open")) return false;
    if (down) item.before(other);
    else item.after(other);
    itemsOf(list).forEach((one, at) => (one.querySelector(".number").textContent = at + 1));
    return true;
  }

  function putBack(moved) {
    while (placeOf(moved) !== moved.from && step(moved, placeOf(moved) < moved.from));
  }

  function begin(handle) {
    if (move?.handle === handle) return;
    end();
    const item = handle.closest("li");
    move = { item, handle, list: item.parentElement };
    move.from = placeOf(move);
    item.classList.add("dragged");
  }

  function lookIfMissed() {
    if (missed) htmx.trigger(live(), "look");
    missed = false;
  }

  async function end() {
    clearTimeout(planned);
    const moved = move;
    move = null;
    if (!moved) return;
    const { item, handle, list, from } = moved;
    item.classList.remove("dragged");
    const place = placeOf(moved);
    if (place === from) {
      lookIfMissed();
      return;
    }
    item.classList.add("saving");
    const source = item.querySelector("form");
    const values = { to: place + 1, seen: list.dataset.seen };
    await htmx.ajax("POST", handle.dataset.handle, { source, target: "#live", swap: "outerHTML", values }).catch(() => {});
    if (!item.isConnected) {
      missed = false; // the answer shows what is so
      return;
    }
    item.classList.remove("saving");
    putBack(moved);
    lookIfMissed();
  }

  function giveUp() {
    if (move) putBack(move);
    end();
  }

  addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || event.button || !event.isPrimary) return;
    event.preventDefault();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    begin(handle);
    move.dragged = true;
  });
  addEventListener("pointermove", ({ clientY }) => {
    if (!move?.dragged) return;
    if (clientY < EDGE || clientY > innerHeight - EDGE) scrollBy(0, clientY < EDGE ? -12 : 12);
    const middle = (item) => item.getBoundingClientRect().top + item.offsetHeight / 2;
    const { item } = move;
    while (item.previousElementSibling && clientY < middle(item.previousElementSibling) && step(move, false));
    while (item.nextElementSibling && clientY > middle(item.nextElementSibling) && step(move, true));
  });
  addEventListener("pointerup", () => move?.dragged && end());
  addEventListener("pointercancel", () => move?.dragged && giveUp());

  addEventListener("keydown", (event) => {
    const handle = event.target.closest?.("[data-handle]");
    if (!handle || event.altKey || event.ctrlKey || event.metaKey) return;
    if (["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
      begin(handle);
      const down = event.key === "ArrowDown" || event.key === "End";
      while (step(move, down) && ["Home", "End"].includes(event.key));
      move.item.scrollIntoView({ block: "nearest" });
      clearTimeout(planned);
      planned = setTimeout(end, PAUSE);
    } else if (event.key === "Escape" && move) giveUp();
    else return;
    event.preventDefault();
  });
  addEventListener("focusout", ({ target }) => target === move?.handle && !move.dragged && end());

  // The list stays as it is while something in it moves.
  addEventListener("htmx:beforeRequest", (event) => {
    if (!move || event.detail.requestConfig.verb !== "get" || event.detail.elt !== live()) return;
    event.preventDefault();
    missed = true;
  });
  addEventListener("htmx:afterSwap", () => {
    if (!move || move.item.isConnected) return;
    clearTimeout(planned);
    move = null;
  });
}
