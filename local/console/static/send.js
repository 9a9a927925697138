// Posts samples: a field for each leaf of the sample's value, or the whole body as JSON.
"use strict";

const form = document.getElementById("send");
const fields = document.getElementById("fields");
const sampleName = document.getElementById("event");
const body = document.getElementById("body");
const raw = document.getElementById("raw");
const response = document.getElementById("response");

// One element for each value: its path, and the number of items of each list above it.
const leaves = (value, path = [], sizes = []) =>
  value !== null && typeof value === "object"
    ? Object.entries(value).flatMap(([name, one]) =>
        leaves(one, [...path, name], [...sizes, Array.isArray(value) ? value.length : 0]),
      )
    : [{ path, sizes, value }];

const ACRONYMS = { sku: "SKU", id: "ID", qty: "quantity", lastname: "last name" };

// ["data", "value", "items", "0", "orderItemId"] is "Items: order item ID"; the number
// of an item is named where there are several.
function words({ path, sizes }) {
  const named = [];
  path.forEach((name, index) => {
    if (index === 0 || (index === 1 && name === "value")) return;
    if (!sizes[index]) {
      const parts = name.replace(/([a-z])([A-Z])/g, "$1 $2").split(/[ _]/);
      named.push(parts.map((p) => ACRONYMS[p.toLowerCase()] || p.toLowerCase()).join(" "));
    } else if (sizes[index] > 1) {
      named.push(`${named.pop() || "row"} ${Number(name) + 1}`);
    }
  });
  const text = named.join(": ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// Text stays text; other values are read as JSON where they are JSON.
const read = (input) => {
  if (input.type === "checkbox") return input.checked;
  if (input.dataset.kind === "string") return input.value;
  try {
    return JSON.parse(input.value);
  } catch {
    return input.value;
  }
};

function element(name, content, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: content, ...properties });
}

function field(leaf) {
  const { path, value } = leaf;
  const input = element("input", "", { autocomplete: "off" });
  if (typeof value === "boolean") {
    Object.assign(input, { type: "checkbox", checked: value });
  } else {
    input.value = typeof value === "string" ? value : JSON.stringify(value);
  }
  if (typeof value === "number") input.inputMode = "decimal";
  input.dataset.kind = typeof value;
  input.dataset.path = path.join(".");
  const id = `error-${path.join("-")}`;
  const error = element("span", "", { className: "field-error", id });
  input.setAttribute("aria-describedby", id);
  const label = element("label", "", { className: `of-${input.type}` });
  const name = element("span", words(leaf));
  label.append(name, " ", element("code", path.slice(1).join(".")), input, error);
  return label;
}

function show(sample) {
  fields.replaceChildren(...leaves(sample).map(field));
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
    fields.replaceChildren(...leaves(sample).map(field));
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
// NDJSON is no JSON as a whole, but each line is.
const isNdjson = (text) =>
  parse(text) === undefined &&
  text.split("\n").every((line) => !line.trim() || parse(line) !== undefined);

// The next event is another one, unless its uid is filled in again.
function takeFreshUids(text) {
  const sample = parse(text);
  if (!sample) return;
  for (const event of [sample.data].flat()) {
    const name = String(event.event).split(".").pop();
    event.uid = `console-${crypto.randomUUID().slice(0, 8)}-${name}`;
  }
  body.value = JSON.stringify(sample, null, 2);
  for (const { path, value } of leaves(sample)) {
    const input = fields.querySelector(`[data-path='${path.join(".")}']`);
    if (input && path.at(-1) === "uid") input.value = value;
  }
}

function historyLink(uid) {
  const query = new URLSearchParams({ key: uid });
  return element("a", "Show its history", { href: `/event?${query}` });
}

// One line: what became of an event, or of the whole request.
function outcome(name, status, content) {
  const line = element("p", name);
  const counts =
    content.results &&
    `${content.accepted} accepted, ${content.rejected} rejected, ${content.failed} failed`;
  const message = content.error || content.response?.message || counts || "";
  line.append(element("strong", status || "no response"), ` ${message}`);
  return line;
}

function showResponse({ status, content, duplicate }, text) {
  const className = `summary ${status === 200 ? "handled" : "rejected"}`;
  const box = element("div", "", { className });
  const line = outcome("", status, content);
  box.append(line);
  const results = content.results || [];
  for (const one of results) {
    const item = outcome(`${one.uid ?? "(no uid)"} `, one.status, one);
    if (one.status === 200) item.append(" ", historyLink(one.uid));
    box.append(item);
  }
  const errors = Object.assign({}, content.errors, ...results.map((one) => one.errors));
  for (const [path, messages] of showFieldErrors(errors)) {
    const paragraph = element("p", "");
    paragraph.append(element("code", path), ` ${messages.join(" ")}`);
    box.append(paragraph);
  }
  if (status === 200) {
    if (duplicate) {
      line.append(". Duplicate: an event with this uid and value was sent before.");
    }
    if (!content.results) box.append(historyLink(parse(text).data.uid));
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
  const { body: answer, ...result } = await posted.json();
  const isObject = typeof answer === "object" && answer;
  showResponse({ ...result, content: isObject ? answer : { error: String(answer) } }, text);
});
sampleName.addEventListener("change", fresh);
document.getElementById("fresh").addEventListener("click", fresh);
raw.addEventListener("toggle", () => raw.open && body.focus());
fresh();
