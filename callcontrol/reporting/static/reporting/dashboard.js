// Reloads the caps every ten seconds, and submits the filters when a choice changes.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const caps = document.getElementById("caps");
  const interval = 10_000;
  let timer = 0;

  async function reload() {
    if (!document.hidden && !caps.contains(document.activeElement)) {
      const response = await fetch(caps.dataset.url, { redirect: "manual" }).catch(() => null);
      if (response && response.type === "opaqueredirect") return; // logged out
      if (response && response.ok) replace(await response.text());
    }
    timer = setTimeout(reload, interval);
  }

  function replace(html) {
    const wasOpen = caps.querySelector("details")?.open;
    caps.innerHTML = html;
    const more = caps.querySelector("details");
    if (more && wasOpen) more.open = true;
  }

  if (caps) {
    timer = setTimeout(reload, interval);
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (!document.hidden) reload();
    });
  }
  for (const select of document.querySelectorAll(".dashboard-form select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
});
