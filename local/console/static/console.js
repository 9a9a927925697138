// Keeps what a page shows up to date, and posts samples. No page needs it to be read.
"use strict";

// Live: at each tick the page is fetched anew, and its parts marked data-swap replaced.
const parts = () => [...document.querySelectorAll("[data-swap]")];
const concerned = (stages) =>
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
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The stream's own error handler says that nobody is there.
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
      location.reload(); // it is another page by now: an unknown event became known
      return;
    }
    if (fresh.isEqualNode(part)) continue;
    // What a person opened, ticked or stands on stays so.
    const focused = part.contains(document.activeElement) && document.activeElement.id;
    for (const old of part.querySelectorAll("details[id]")) {
      const found = fresh.querySelector(`#${CSS.escape(old.id)}`);
      if (found) found.open = old.open;
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

function say(state, text) {
  document.getElementById("live").dataset.state = state;
  document.getElementById("live-text").textContent = text;
}

const stream = new EventSource("/stream");
stream.onopen = () => {
  say("on", "live");
  refresh(); // what happened since the page was made, or while the stream was away
};
stream.onerror = () => say("off", "not connected: is make run still running?");
stream.onmessage = (message) => {
  if (concerned(JSON.parse(message.data))) refresh();
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
  const chosen = document.getElementById("event");
  const body = document.getElementById("body");
  const raw = document.getElementById("raw");
  const answer = document.getElementById("answer");

  const leaves = (value, path) =>
    value !== null && typeof value === "object"
      ? Object.entries(value).flatMap(([name, one]) => leaves(one, [...path, name]))
      : [{ path, value }];

  // Text stays text; of all else, what reads as JSON is what it reads as.
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
    const fault = document.createElement("span");
    fault.className = "fault";
    fault.id = `fault-${path.join("-")}`;
    input.setAttribute("aria-describedby", fault.id);
    label.append(name, input, fault);
    return label;
  }

  function show(sample) {
    fields.replaceChildren(...leaves(sample, []).map(field));
    body.value = JSON.stringify(sample, null, 2);
  }

  async function fresh() {
    const asked = new URLSearchParams({ event: chosen.value });
    answer.replaceChildren();
    show(await (await fetch(`/sample?${asked}`)).json());
  }

  fields.addEventListener("input", (event) => {
    const sample = JSON.parse(body.value);
    const path = event.target.dataset.path.split(".");
    const last = path.pop();
    path.reduce((part, name) => part[name], sample)[last] = read(event.target);
    body.value = JSON.stringify(sample, null, 2);
  });
  // While it is typed: at "change" the page would move under the press of a button.
  body.addEventListener("input", () => {
    try {
      const sample = JSON.parse(body.value);
      fields.replaceChildren(...leaves(sample, []).map(field));
    } catch {
      fields.replaceChildren(); // sent as it is: ingest says what is wrong with it
    }
  });

  function blame(errors) {
    for (const input of fields.querySelectorAll("input")) {
      const faults = errors[input.dataset.path] || [];
      input.setAttribute("aria-invalid", String(faults.length > 0));
      input.nextElementSibling.textContent = faults.join(" ");
      if (faults.length) delete errors[input.dataset.path];
    }
    return Object.entries(errors); // of fields that have no place here
  }

  function tell(status, said) {
    const box = document.createElement("div");
    box.className = `verdict ${status === 200 ? "handled" : "refused"}`;
    const line = document.createElement("p");
    const number = document.createElement("strong");
    number.textContent = status || "no answer";
    line.append(number, ` ${said.error || said.response?.message || ""}`);
    box.append(line);
    for (const [path, faults] of blame({ ...(said.errors || {}) })) {
      const more = document.createElement("p");
      const name = document.createElement("code");
      name.textContent = path;
      more.append(name, ` ${faults.join(" ")}`);
      box.append(more);
    }
    if (status === 200) {
      const link = document.createElement("a");
      const uid = String(JSON.parse(body.value).data.uid);
      link.href = `/event?${new URLSearchParams({ key: uid })}`;
      link.textContent = "See what becomes of it";
      box.append(link);
    }
    answer.replaceChildren(box);
    const wrong = fields.querySelector("[aria-invalid=true]");
    if (wrong) wrong.focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const posted = await fetch("/send", { method: "POST", body: body.value });
    const { status, answer: said } = await posted.json();
    tell(status, typeof said === "object" && said ? said : { error: String(said) });
  });
  chosen.addEventListener("change", fresh);
  document.getElementById("fresh").addEventListener("click", fresh);
  raw.addEventListener("toggle", () => raw.open && body.focus());
  fresh();
}
