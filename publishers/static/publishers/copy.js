// Copies the text of a [data-copy] button, or of the element that its [data-copy-of] names, and says so.
// Where nothing can be copied (plain http, no permission) that element's text is selected: Ctrl+C does the rest.
(() => {
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  said.className = "copy-said";
  Object.assign(said.style, { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" });
  document.addEventListener("DOMContentLoaded", () => document.body.append(said));
  if (document.body) document.body.append(said);

  function select(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  // An input stands in for the clipboard, which exists on secure pages only.
  function byHand(text) {
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

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return byHand(text);
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-of]");
    if (!button) return;
    const shown = document.getElementById(button.dataset.copyOf ?? "");
    const done = await copied(button.dataset.copy ?? shown.textContent);
    if (!done && shown) select(shown);
    if (done) button.focus();
    button.dataset.label ??= button.textContent;
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    said.textContent = done ? "Copied" : "Selected. Press Ctrl+C to copy.";
    clearTimeout(button.copyTimer);
    button.copyTimer = setTimeout(() => { button.textContent = button.dataset.label; said.textContent = ""; }, 2000);
  });
})();
