// Keeps pages up to date, and makes them quicker to use. Pages can be read without it.
"use strict";

// At each message of the stream the page is fetched again, and its parts marked with
// data-swap are replaced.
const parts = () => [...document.querySelectorAll("[data-swap]")];
const isAffected = (stages) =>
  parts().some((part) => {
    const wanted = (part.dataset.stages || "").split(" ");
    return wanted.includes("*") || stages.some((stage) => wanted.includes(stage));
  }) || stages.some((stage) => ["dead-lettered", "outcome"].includes(stage));

const MIN_REFRESH_MS = 500; // from one refresh to the next: rows stay to be pressed

let fetching = false;
let again = false;
async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  const pause = new Promise((resolve) => setTimeout(resolve, MIN_REFRESH_MS));
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    swap(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The stream's error handler shows that the stack does not answer.
  }
  await pause;
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

const STOPPED =
  "The stack does not answer, so this page is out of date. Start it with make run:" +
  " the page then updates by itself.";

function showState(state, text) {
  document.getElementById("live").dataset.state = state;
  document.getElementById("live-text").textContent = text;
  const stopped = document.getElementById("stopped");
  stopped.hidden = state === "on";
  stopped.textContent = stopped.hidden ? "" : STOPPED;
}

const stream = new EventSource("/stream");
stream.onopen = () => {
  showState("on", "live");
  refresh(); // for what changed before the stream was open
};
stream.onerror = () => showState("off", "stopped");
stream.onmessage = (message) => {
  if (isAffected(JSON.parse(message.data))) refresh();
};
addEventListener("pagehide", () => stream.close());

// A filter changes the parts of this page only, so the focus stays where it is: the
// arrow keys change a list at each press.
for (const form of document.querySelectorAll("form[data-auto]")) {
  const apply = () => {
    const values = [...new FormData(form)].filter(([, value]) => value !== "");
    history.replaceState(null, "", `${form.getAttribute("action")}?${new URLSearchParams(values)}`);
    refresh();
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
}

// On a phone, what this button controls is folded until it is pressed.
for (const button of document.querySelectorAll(".unfold")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const expanded = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!expanded));
  });
}

// A row is pressed like its link; selected text is not a press.
document.addEventListener("click", (event) => {
  const link = event.target.closest("tbody tr")?.querySelector("a[data-row]");
  if (!link || event.target.closest("a, button, input, label") || String(getSelection())) {
    return;
  }
  if (event.ctrlKey || event.metaKey) open(link.href);
  else link.click();
});

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (event.key !== "/" || !search || typing || modified) return;
  event.preventDefault();
  search.select();
  search.focus();
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
