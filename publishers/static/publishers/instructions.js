// "Try it": sends the form's request to this host and shows the answer with its explanation.

// The marker of an answer, computed as in publishers/instructions/page.py.
function markerOf(answer) {
  if (answer === null || typeof answer !== "object" || Array.isArray(answer)) return "";
  const inner = Object.values(answer).find((member) => member && typeof member === "object" && "status" in member) ?? answer;
  const again = Object.keys(inner).some((name) => name.endsWith("_ping_shield")) ? " again" : "";
  return String(inner.status || inner.error || "") + again;
}

// Finds the explanation of an answer: in its request's section first, by its marker first.
function explanationOf(form, status, answer) {
  const sections = [form.closest("section"), document.getElementById("refusals")];
  const known = sections.flatMap((section) => [...section.querySelectorAll(".answer")]);
  const alike = known.filter((item) => item.dataset.status === String(status));
  return alike.find((item) => item.dataset.marker === markerOf(answer)) ?? alike[0];
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

// Indents JSON text. Parsing and serializing it would turn 90.0 into 90.
function indented(text) {
  let depth = 0, inside = false, result = "";
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place];
    if (inside) {
      result += letter === "\\" ? letter + text[(place += 1)] : letter;
      inside = letter !== '"';
    } else if ("[{".includes(letter) && !"]}".includes(text[place + 1])) {
      depth += 1;
      result += `${letter}\n${"  ".repeat(depth)}`;
    } else if ("]}".includes(letter) && !"[{".includes(text[place - 1])) {
      depth -= 1;
      result += `\n${"  ".repeat(depth)}${letter}`;
    } else if (letter === ",") {
      result += `,\n${"  ".repeat(depth)}`;
    } else {
      result += letter === ":" ? ": " : letter;
      inside = letter === '"';
    }
  }
  return result;
}

function show(form, status, text, milliseconds) {
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* shown unparsed */ }
  const line = element("p", "line", "");
  line.append(element("span", status < 300 ? "status good" : "status", status), ` in ${milliseconds} ms`);
  const parts = [line];
  const known = explanationOf(form, status, answer);
  if (known) {
    const meaning = element("p", "meaning", "");
    meaning.append(element("strong", "", known.querySelector("[data-title]").textContent), ` – ${known.querySelector("[data-advice]").textContent}`);
    parts.push(meaning);
  }
  const body = element("pre", "", answer === null ? text : indented(text));
  body.tabIndex = 0;
  parts.push(body);
  form.querySelector(".result").replaceChildren(...parts);
  if (answer?.uuid) {
    for (const input of document.querySelectorAll("form.test-form input[name=uuid]")) input.value = answer.uuid;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.test-form");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const result = form.querySelector(".result");
  button.disabled = true;
  result.replaceChildren(element("p", "line", "Sending…"));
  const began = performance.now();
  try {
    const response = await fetch(addressOf(form), { method: form.dataset.method, credentials: "omit" });
    const text = await response.text();
    show(form, response.status, text, Math.round(performance.now() - began));
  } catch {
    result.replaceChildren(element("p", "line", "No answer. Check your network connection and try again."));
  }
  button.disabled = false;
});
