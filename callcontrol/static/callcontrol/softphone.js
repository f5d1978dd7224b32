// "Ping first": sends the ping to the API as a publisher does, shows the answer, and offers its number to dial.
(() => {
  const form = document.querySelector("form[data-ping]");
  if (!form) return;
  const answer = document.querySelector("[data-ping-answer]");
  const dial = document.querySelector("form[data-ping-dial]");

  const parameters = () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    form.querySelector("[data-tags]").value.split("\n").forEach((line) => {
      const [name, ...value] = line.split("=");
      if (name.trim() && value.length) query.append(name.trim(), value.join("=").trim());
    });
    return query;
  };

  const sentence = (status, body) => {
    if (body.inbound_number) return `A buyer is reserved until ${new Date(body.expires_at).toLocaleTimeString()}: dial ${body.inbound_number}.`;
    if (body.status === "no-target") return "No buyer takes this caller now.";
    if (body.status === "rejected") return "Rejected: the campaign or the publisher is paused.";
    return `Refused (${status}): ${body.error || "no reason was given"}.`;
  };

  const show = (text, body) => {
    const [line, raw] = [document.createElement("p"), document.createElement("pre")];
    line.textContent = text;
    raw.textContent = body ? JSON.stringify(body, null, 2) : "";
    raw.className = "call-answer admin-preformatted";
    answer.replaceChildren(line, ...(body ? [raw] : []));
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    dial.hidden = true;
    show("Sending…");
    try {
      const response = await fetch(form.action, { method: "POST", body: parameters(), headers: { Accept: "application/json" } });
      const body = await response.json();
      show(sentence(response.status, body), body);
      dial.hidden = !body.inbound_number;
      dial.elements.to.value = body.inbound_number || "";
      dial.elements.from.value = form.elements.caller_number.value;
    } catch {
      show("The server did not answer. Try again.");
    }
  });
})();
