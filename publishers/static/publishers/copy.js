// Copies the text of a [data-copy] button, or of the element that [data-copy-of] names, and announces it.
// Where copying fails (plain http, no permission), selects that element's text for Ctrl+C.
(() => {
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  status.className = "copy-status";
  Object.assign(status.style, { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" });
  document.addEventListener("DOMContentLoaded", () => document.body.append(status));
  if (document.body) document.body.append(status);

  function select(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  // The clipboard API exists on secure pages only; elsewhere a hidden input copies.
  function copyByInput(text) {
    const input = document.createElement("textarea");
    input.value = text;
    input.readOnly = true;
    Object.assign(input.style, { position: "fixed", opacity: "0" });
    document.body.append(input);
    input.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    input.remove();
    return done;
  }

  async function copyText(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyByInput(text);
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-of]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copyOf ?? "");
    const done = await copyText(button.dataset.copy ?? source.textContent);
    if (!done && source) select(source);
    if (done) button.focus();
    button.dataset.label ??= button.textContent;
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    status.textContent = done ? "Copied" : "Selected. Press Ctrl+C to copy.";
    clearTimeout(button.copyTimer);
    button.copyTimer = setTimeout(() => { button.textContent = button.dataset.label; status.textContent = ""; }, 2000);
  });
})();
