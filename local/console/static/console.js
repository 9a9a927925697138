// Keeps pages up to date, and posts samples. Pages can be read without it.
"use strict";

// At each message of the stream the page is fetched again, and its parts marked with
// data-swap are replaced.
const parts = () => [...document.querySelectorAll("[data-swap]")];
const isAffected = (stages) =>
  parts().some((part) => {
    const wanted = (part.dataset.stages || "").split(" ");
    return wanted.includes("*") || stages.some((stage) => wanted.includes(stage));
  }) || stages.some((stage) => ["dead-lettered", "outcome"].includes(stage));

let fetching = false;
let again = false;
async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    swap(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The stream's error handler shows that the stack does not answer.
  }
  fetching = false;
  if (again) {
    again = false;
    refresh();
  }
}

function swap(page) {
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (!fresh) {
      location.reload(); // another page: an unknown event is known now
      return;
    }
    if (fresh.isEqualNode(part)) continue;
    // What is open, ticked or focused stays so.
    const focused = part.contains(document.activeElement) && document.activeElement.id;
    for (const old of part.querySelectorAll("details[id]")) {
      const details = fresh.querySelector(`#${CSS.escape(old.id)}`);
      if (details) details.open = old.open;
    }
    if ([...part.querySelectorAll("input[type=checkbox]")].some((box) => box.checked)) {
      continue;
    }
    const scrolled = [...part.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    part.replaceWith(fresh);
    fresh.querySelectorAll(".scroll").forEach((box, at) => (box.scrollLeft = scrolled[at]));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

// A notice is about what was just done: it is not shown again after a reload.
const address = new URL(location.href);
if (address.searchParams.has("notice")) {
  address.searchParams.delete("notice");
  history.replaceState(null, "", address);
}

function showState(state, text) {
  document.getElementById("live").dataset.state = state;
  document.getElementById("live-text").textContent = text;
}

const stream = new EventSource("/stream");
stream.onopen = () => {
  showState("on", "live");
  refresh(); // for what changed before the stream was open
};
stream.onerror = () => showState("off", "not connected: is make run still running?");
stream.onmessage = (message) => {
  if (isAffected(JSON.parse(message.data))) refresh();
};
addEventListener("pagehide", () => stream.close());

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// Sending: a field for each leaf of the sample's value, or the whole body as JSON.
const form = document.getElementById("send");
if (form) {
  const fields = document.getElementById("fields");
  const sampleName = document.getElementById("event");
  const body = document.getElementById("body");
  const raw = document.getElementById("raw");
  const response = document.getElementById("response");

  const leaves = (value, path) =>
    value !== null && typeof value === "object"
      ? Object.entries(value).flatMap(([name, one]) => leaves(one, [...path, name]))
      : [{ path, value }];

  // Text stays text; other values are read as JSON where they are JSON.
  const read = (input) => {
    if (input.dataset.kind === "string") return input.value;
    try {
      return JSON.parse(input.value);
    } catch {
      return input.value;
    }
  };

  function field({ path, value }) {
    const label = document.createElement("label");
    const name = document.createElement("span");
    name.textContent = path.slice(1).join(".");
    const input = document.createElement("input");
    input.value = typeof value === "string" ? value : JSON.stringify(value);
    input.dataset.kind = typeof value;
    input.dataset.path = path.join(".");
    input.autocomplete = "off";
    if (typeof value === "number") input.inputMode = "decimal";
    const error = document.createElement("span");
    error.className = "field-error";
    error.id = `error-${path.join("-")}`;
    input.setAttribute("aria-describedby", error.id);
    label.append(name, input, error);
    return label;
  }

  function show(sample) {
    fields.replaceChildren(...leaves(sample, []).map(field));
    body.value = JSON.stringify(sample, null, 2);
  }

  async function fresh() {
    const query = new URLSearchParams({ event: sampleName.value });
    response.replaceChildren();
    show(await (await fetch(`/sample?${query}`)).json());
  }

  fields.addEventListener("input", (event) => {
    const sample = JSON.parse(body.value);
    const path = event.target.dataset.path.split(".");
    const last = path.pop();
    path.reduce((part, name) => part[name], sample)[last] = read(event.target);
    body.value = JSON.stringify(sample, null, 2);
  });
  // At "input": at "change" the page would move while a button is pressed.
  body.addEventListener("input", () => {
    try {
      const sample = JSON.parse(body.value);
      fields.replaceChildren(...leaves(sample, []).map(field));
    } catch {
      fields.replaceChildren(); // sent as it is: ingest describes the error
    }
  });

  // Shows errors beside their fields; returns those of paths without a field.
  function showFieldErrors(errors) {
    for (const input of fields.querySelectorAll("input")) {
      const messages = errors[input.dataset.path] || [];
      input.setAttribute("aria-invalid", String(messages.length > 0));
      input.nextElementSibling.textContent = messages.join(" ");
      if (messages.length) delete errors[input.dataset.path];
    }
    return Object.entries(errors);
  }

  const parse = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const linesOf = (text) => text.split("\n").filter((line) => line.trim());
  // NDJSON is no JSON as a whole, but each line is.
  const isNdjson = (text) =>
    parse(text) === undefined && linesOf(text).every((line) => parse(line) !== undefined);

  // Bodies that ingest accepted: one of them posted again is a duplicate.
  const accepted = new Set();

  // The next event is another one, unless its uid is filled in again.
  function takeFreshUids(text) {
    const sample = parse(text);
    if (!sample) return;
    for (const event of [sample.data].flat()) {
      const name = String(event.event).split(".").pop();
      event.uid = `console-${crypto.randomUUID().slice(0, 8)}-${name}`;
    }
    body.value = JSON.stringify(sample, null, 2);
    for (const { path, value } of leaves(sample, [])) {
      const input = fields.querySelector(`[data-path='${path.join(".")}']`);
      if (input && path.at(-1) === "uid") input.value = value;
    }
  }

  function history(uid) {
    const link = document.createElement("a");
    link.href = `/event?${new URLSearchParams({ key: uid })}`;
    link.textContent = "Show its history";
    return link;
  }

  // One line: what became of an event, or of the whole request.
  function outcome(name, status, content) {
    const line = document.createElement("p");
    const number = document.createElement("strong");
    number.textContent = status || "no response";
    const counts = content.results &&
      `${content.accepted} accepted, ${content.rejected} rejected, ${content.failed} failed`;
    const message = content.error || content.response?.message || counts || "";
    line.append(name, number, ` ${message} `);
    return line;
  }

  function showResponse(status, content, text) {
    const box = document.createElement("div");
    box.className = `summary ${status === 200 ? "handled" : "rejected"}`;
    const line = outcome("", status, content);
    box.append(line);
    const results = content.results || [];
    for (const one of results) {
      const item = outcome(`${one.uid ?? "(no uid)"} `, one.status, one);
      if (one.status === 200) item.append(history(one.uid));
      box.append(item);
    }
    const errors = Object.assign({}, content.errors, ...results.map((one) => one.errors));
    for (const [path, messages] of showFieldErrors(errors)) {
      const paragraph = document.createElement("p");
      const name = document.createElement("code");
      name.textContent = path;
      paragraph.append(name, ` ${messages.join(" ")}`);
      box.append(paragraph);
    }
    if (status === 200) {
      if (accepted.has(text)) {
        line.append("Duplicate: an event with this uid and value was sent before.");
      }
      accepted.add(text);
      if (!content.results) box.append(history(String(parse(text).data.uid)));
      takeFreshUids(text);
    }
    response.replaceChildren(box);
    const invalid = fields.querySelector("[aria-invalid=true]");
    if (invalid) invalid.focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = body.value;
    const type = isNdjson(text) ? "application/x-ndjson" : "application/json";
    const headers = { "Content-Type": type };
    const posted = await fetch("/send", { method: "POST", body: text, headers });
    const { status, body: content } = await posted.json();
    const isObject = typeof content === "object" && content;
    showResponse(status, isObject ? content : { error: String(content) }, text);
  });
  sampleName.addEventListener("change", fresh);
  document.getElementById("fresh").addEventListener("click", fresh);
  raw.addEventListener("toggle", () => raw.open && body.focus());
  fresh();
}
