// "Ping first": sends the ping of the form to the API as a publisher would, shows the answer, and offers the number to dial.
(() => {
  const form = document.querySelector("form[data-ping]");
  if (!form) return;
  const answer = document.querySelector("[data-ping-answer]");
  const dial = document.querySelector("form[data-ping-dial]");

  const parameters = () => {
    const said = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    form.querySelector("[data-tags]").value.split("\n").forEach((line) => {
      const [name, ...value] = line.split("=");
      if (name.trim() && value.length) said.append(name.trim(), value.join("=").trim());
    });
    return said;
  };

  const inWords = (status, said) => {
    if (said.inbound_number) return `A buyer is reserved until ${new Date(said.expires_at).toLocaleTimeString()}: dial ${said.inbound_number}.`;
    if (said.status === "no-target") return "No buyer takes this caller now.";
    if (said.status === "rejected") return "Rejected: the campaign or the publisher is paused.";
    return `Refused (${status}): ${said.error || "no reason was given"}.`;
  };

  const show = (words, said) => {
    const [line, raw] = [document.createElement("p"), document.createElement("pre")];
    line.textContent = words;
    raw.textContent = said ? JSON.stringify(said, null, 2) : "";
    raw.className = "call-answer admin-preformatted";
    answer.replaceChildren(line, ...(said ? [raw] : []));
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    dial.hidden = true;
    show("Asking…");
    try {
      const got = await fetch(form.action, { method: "POST", body: parameters(), headers: { Accept: "application/json" } });
      const said = await got.json();
      show(inWords(got.status, said), said);
      dial.hidden = !said.inbound_number;
      dial.elements.to.value = said.inbound_number || "";
      dial.elements.from.value = form.elements.caller_number.value;
    } catch {
      show("No answer: try again.");
    }
  });
})();
