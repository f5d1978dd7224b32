// Reloads the page of a live call every few seconds while it is visible, and submits its forms without leaving the page.
// Replaces only the parts that changed, and keeps the keyboard focus.
(() => {
  const page = document.querySelector("[data-live-parts]");
  if (!page) return;
  const announcer = document.querySelector("[data-announcer]");
  const parts = new Map();
  let isLoading = false;
  let timer = 0;
  let updatedAt = performance.now();

  const remember = (from) => from.querySelectorAll("[data-part]").forEach((part) => parts.set(part.dataset.part, part.innerHTML));

  // The open details and the typed input of a part, by the ids of the elements.
  const readState = (part) => [...part.querySelectorAll("details[id], input[id]")].map((element) => [element.id, element.open, element.value, element.checked]);
  const restore = (state) => state.forEach(([id, open, value, checked]) => {
    const element = document.getElementById(id);
    if (element instanceof HTMLDetailsElement) element.open = open;
    if (element instanceof HTMLInputElement) [element.value, element.checked] = [value, checked];
  });

  const replacePart = (name, html) => {
    const part = page.querySelector(`[data-part="${name}"]`);
    if (!part || parts.get(name) === html) return;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const home = focused?.closest("[data-focus-home]")?.id;
    const state = readState(part);
    parts.set(name, html);
    part.innerHTML = html;
    restore(state);
    if (!focused) return;
    // If the button is gone, focus its card, not another button that a second Enter would press.
    const next = (focused.id && document.getElementById(focused.id)) || (home && document.getElementById(home));
    (next || page).focus();
  };

  const update = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live-parts]");
    if (!fresh) return window.location.reload();  // for example after a logout
    Object.assign(page.dataset, fresh.dataset);
    fresh.querySelectorAll("[data-part]").forEach((part) => replacePart(part.dataset.part, part.innerHTML));
    if (announcer && announcer.textContent !== fresh.dataset.announce) announcer.textContent = fresh.dataset.announce;
    updatedAt = performance.now();
    tick();
  };

  const partUrl = (url) => {
    const to = new URL(url, window.location.href);
    to.searchParams.set("live", "1");
    return to;
  };

  const load = async (url, body) => {
    isLoading = true;
    clearTimeout(timer);
    try {
      const response = await fetch(partUrl(url), body ? { method: "POST", body } : {});
      if (response.ok) update(await response.text());
    } catch {
      // the server is away for a moment: try again at the next interval
    } finally {
      isLoading = false;
      schedule();
    }
  };

  // A simulated call that is ahead of the wall clock moves on only when this page posts its time.
  const reload = () => {
    const form = document.querySelector("form[data-reload]");
    if (!form || !Number(page.dataset.ahead)) return load(window.location.href);
    return load(form.action, filled(form, "look"));
  };

  const filled = (form, what) => {
    const body = new FormData(form);
    body.set("do", what);
    body.set("ahead", page.dataset.ahead || "0");
    return body;
  };

  const schedule = () => {
    clearTimeout(timer);
    if (page.dataset.isLive === "yes" && !document.hidden) timer = setTimeout(reload, Number(page.dataset.interval));
  };

  // The clock of the call between two reloads.
  const tick = () => {
    if (!page.dataset.clock) return;
    const passed = page.dataset.isLive === "yes" ? performance.now() - updatedAt : 0;
    const now = Date.parse(page.dataset.clock) + passed;
    page.querySelectorAll("[data-since]").forEach((element) => {
      const seconds = Math.max(Math.floor((now - Date.parse(element.dataset.since)) / 1000), 0);
      element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
    });
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-async]")) return;
    event.preventDefault();
    if (isLoading) return setTimeout(() => form.requestSubmit(event.submitter), 100);
    load(form.action, filled(form, event.submitter?.value || ""));
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : isLoading || (page.dataset.isLive === "yes" && reload())));

  remember(page);
  tick();
  setInterval(tick, 1000);
  schedule();
})();
