// Keeps the page of a live call as it is: asks every few seconds while somebody looks and the call lives, and does what
// its buttons say without leaving the page. Only parts that have changed are put in, and the keyboard stays where it was.
(() => {
  let shown = document.querySelector("[data-live-parts]");
  if (!shown) return;
  const told = document.querySelector("[data-said-here]");
  const parts = new Map();
  let asking = false;
  let timer = 0;
  let heard = performance.now();

  const remember = (from) => from.querySelectorAll("[data-part]").forEach((part) => parts.set(part.dataset.part, part.innerHTML));

  // What somebody has opened or typed in a part, and where they are in it, by the elements' ids.
  const kept = (part) => [...part.querySelectorAll("details[id], input[id]")].map((one) => [one.id, one.open, one.value, one.checked]);
  const restore = (state) => state.forEach(([id, open, value, checked]) => {
    const one = document.getElementById(id);
    if (one instanceof HTMLDetailsElement) one.open = open;
    if (one instanceof HTMLInputElement) [one.value, one.checked] = [value, checked];
  });

  const put = (name, html) => {
    const part = shown.querySelector(`[data-part="${name}"]`);
    if (!part || parts.get(name) === html) return;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const home = focused?.closest("[data-home]")?.id;
    const state = kept(part);
    parts.set(name, html);
    part.innerHTML = html;
    restore(state);
    if (!focused) return;
    // The button is gone: the place where it stood is next, and never another button that a second Enter would press.
    const next = (focused.id && document.getElementById(focused.id)) || (home && document.getElementById(home));
    (next || shown).focus();
  };

  const take = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live-parts]");
    if (!fresh) return window.location.reload();  // logged out, for one
    Object.assign(shown.dataset, fresh.dataset);
    fresh.querySelectorAll("[data-part]").forEach((part) => put(part.dataset.part, part.innerHTML));
    if (told && told.textContent !== fresh.dataset.said) told.textContent = fresh.dataset.said;
    heard = performance.now();
    tick();
  };

  const address = (url) => {
    const to = new URL(url, window.location.href);
    to.searchParams.set("live", "1");
    return to;
  };

  const ask = async (url, body) => {
    asking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(address(url), body ? { method: "POST", body } : {});
      if (answer.ok) take(await answer.text());
    } catch {
      // the server is away for a moment: the next time will tell
    } finally {
      asking = false;
      wait();
    }
  };

  // While a simulated call is ahead of the wall clock, time passes there because this page says so.
  const look = () => {
    const form = document.querySelector("form[data-look]");
    if (!form || !Number(shown.dataset.ahead)) return ask(window.location.href);
    return ask(form.action, filled(form, "look"));
  };

  const filled = (form, what) => {
    const body = new FormData(form);
    body.set("do", what);
    body.set("ahead", shown.dataset.ahead || "0");
    return body;
  };

  const wait = () => {
    clearTimeout(timer);
    if (shown.dataset.alive === "yes" && !document.hidden) timer = setTimeout(look, Number(shown.dataset.every));
  };

  // The clock of the call, between two looks.
  const tick = () => {
    if (!shown.dataset.clock) return;
    const passed = shown.dataset.alive === "yes" ? performance.now() - heard : 0;
    const now = Date.parse(shown.dataset.clock) + passed;
    shown.querySelectorAll("[data-since]").forEach((one) => {
      const seconds = Math.max(Math.floor((now - Date.parse(one.dataset.since)) / 1000), 0);
      one.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
    });
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-stays]")) return;
    event.preventDefault();
    if (asking) return setTimeout(() => form.requestSubmit(event.submitter), 100);
    ask(form.action, filled(form, event.submitter?.value || ""));
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : asking || (shown.dataset.alive === "yes" && look())));

  remember(shown);
  tick();
  setInterval(tick, 1000);
  wait();
})();
