// Copies texts, and says how long ago something was. Pages can be read without it.
"use strict";

const COPIED_MS = 2000;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without the Clipboard API, for example in an old browser.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.dataset.label || button.textContent;
  button.dataset.label = label;
  try {
    await copy(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied: the browser denies it";
  }
  setTimeout(() => (button.textContent = label), COPIED_MS);
});

// The server's text is as old as the page.
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
document.addEventListener("mouseover", (event) => {
  const time = event.target.closest("time[title]");
  if (!time) return;
  const seconds = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000);
  const [size, unit] = UNITS.find(([size]) => seconds >= size) || UNITS.at(-1);
  time.title = `${Math.floor(seconds / size)} ${unit} ago`;
});
