// Boxes that are found by typing have names for those who hear the page: select2 gives its own none.
(() => {
  function nameOf(select) {
    const label = select.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    return select.getAttribute("aria-label") || (label ? label.textContent.trim() : "") || select.name;
  }

  function label(box) {
    const select = box.parentElement?.querySelector("select.select2-hidden-accessible");
    const shown = box.querySelector(".select2-selection");
    if (!select || !shown || shown.hasAttribute("aria-label")) return;
    shown.removeAttribute("aria-labelledby");
    shown.setAttribute("aria-label", nameOf(select));
    shown.querySelector("[role=textbox]")?.setAttribute("aria-label", nameOf(select));
  }

  function labelAll() {
    document.querySelectorAll(".select2-container").forEach(label);
  }

  window.addEventListener("load", () => {
    labelAll();
    new MutationObserver(labelAll).observe(document.body, { childList: true, subtree: true });
  });
})();
