// "Try it": sends the form's request to this same host, and shows the answer with what the page says of it.

// What an answer says of itself, as publishers/instructions/page.py reads it from the examples.
function wordOf(answer) {
  if (answer === null || typeof answer !== "object" || Array.isArray(answer)) return "";
  const inner = Object.values(answer).find((one) => one && typeof one === "object" && "status" in one) ?? answer;
  const again = Object.keys(inner).some((name) => name.endsWith("_ping_shield")) ? " again" : "";
  return String(inner.status || inner.error || "") + again;
}

// The explained answer that this one is: of its own request first, by its word first.
function explained(form, status, answer) {
  const places = [form.closest("section"), document.getElementById("refusals")];
  const known = places.flatMap((place) => [...place.querySelectorAll(".answer")]);
  const alike = known.filter((one) => one.dataset.status === String(status));
  return alike.find((one) => one.dataset.word === wordOf(answer)) ?? alike[0];
}

function addressOf(form) {
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const input of form.querySelectorAll("input[name]")) {
    const inPath = `{${input.name}}`;
    if (path.includes(inPath)) path = path.replace(inPath, encodeURIComponent(input.value.trim()));
    else if (input.value.trim()) query.append(input.name, input.value.trim());
  }
  const name = form.querySelector("[data-tag=name]")?.value.trim();
  if (name) query.append(name, form.querySelector("[data-tag=value]").value);
  return query.size === 0 ? path : `${path}?${query}`;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// The text over several lines. Read and written anew, 90.0 would become 90.
function laidOut(text) {
  let depth = 0, inside = false, laid = "";
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place];
    if (inside) {
      laid += letter === "\\" ? letter + text[(place += 1)] : letter;
      inside = letter !== '"';
    } else if ("[{".includes(letter) && !"]}".includes(text[place + 1])) {
      depth += 1;
      laid += `${letter}\n${"  ".repeat(depth)}`;
    } else if ("]}".includes(letter) && !"[{".includes(text[place - 1])) {
      depth -= 1;
      laid += `\n${"  ".repeat(depth)}${letter}`;
    } else if (letter === ",") {
      laid += `,\n${"  ".repeat(depth)}`;
    } else {
      laid += letter === ":" ? ": " : letter;
      inside = letter === '"';
    }
  }
  return laid;
}

function show(form, status, text, milliseconds) {
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* shown as it is */ }
  const line = element("p", "line", "");
  line.append(element("span", status < 300 ? "status good" : "status", status), ` in ${milliseconds} ms`);
  const said = [line];
  const known = explained(form, status, answer);
  if (known) {
    const meaning = element("p", "meaning", "");
    meaning.append(element("strong", "", known.querySelector("[data-title]").textContent), ` – ${known.querySelector("[data-then]").textContent}`);
    said.push(meaning);
  }
  const body = element("pre", "", answer === null ? text : laidOut(text));
  body.tabIndex = 0;
  said.push(body);
  form.querySelector(".result").replaceChildren(...said);
  if (answer?.uuid) {
    for (const input of document.querySelectorAll("form.trial input[name=uuid]")) input.value = answer.uuid;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.trial");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const result = form.querySelector(".result");
  button.disabled = true;
  result.replaceChildren(element("p", "line", "Sending …"));
  const began = performance.now();
  try {
    const response = await fetch(addressOf(form), { method: form.dataset.method, credentials: "omit" });
    const text = await response.text();
    show(form, response.status, text, Math.round(performance.now() - began));
  } catch {
    result.replaceChildren(element("p", "line", "No answer came. Is the network there? Try again in a moment."));
  }
  button.disabled = false;
});
