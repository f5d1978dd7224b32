// Keeps the caps as they are at this moment, and shows what is chosen without a click on "Show".
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const caps = document.getElementById("caps");
  const every = 10_000;
  let timer = 0;

  async function look() {
    if (!document.hidden && !caps.contains(document.activeElement)) {
      const answer = await fetch(caps.dataset.url, { redirect: "manual" }).catch(() => null);
      if (answer && answer.type === "opaqueredirect") return; // logged out
      if (answer && answer.ok) put(await answer.text());
    }
    timer = setTimeout(look, every);
  }

  function put(text) {
    const wasOpen = caps.querySelector("details")?.open;
    caps.innerHTML = text;
    const more = caps.querySelector("details");
    if (more && wasOpen) more.open = true;
  }

  if (caps) {
    timer = setTimeout(look, every);
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (!document.hidden) look();
    });
  }
  for (const choice of document.querySelectorAll(".board-form select")) {
    choice.addEventListener("change", () => choice.form.requestSubmit());
  }
});
