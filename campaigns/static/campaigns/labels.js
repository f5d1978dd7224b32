// Labels autocomplete boxes for screen readers, because select2 does not.
(() => {
  function labelOf(select) {
    const label = select.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    return select.getAttribute("aria-label") || (label ? label.textContent.trim() : "") || select.name;
  }

  function label(box) {
    const select = box.parentElement?.querySelector("select.select2-hidden-accessible");
    const selection = box.querySelector(".select2-selection");
    if (!select || !selection || selection.hasAttribute("aria-label")) return;
    selection.removeAttribute("aria-labelledby");
    selection.setAttribute("aria-label", labelOf(select));
    selection.querySelector("[role=textbox]")?.setAttribute("aria-label", labelOf(select));
  }

  function labelAll() {
    document.querySelectorAll(".select2-container").forEach(label);
  }

  window.addEventListener("load", () => {
    labelAll();
    new MutationObserver(labelAll).observe(document.body, { childList: true, subtree: true });
  });
})();
