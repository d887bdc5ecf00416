// Times in the reader's zone, filters that apply by themselves, and keys for the work list.
"use strict";
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const parts = {weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"};
const thisYear = Intl.DateTimeFormat(undefined, parts), otherYear = Intl.DateTimeFormat(undefined, {...parts, year: "numeric"});
for (const time of document.querySelectorAll("time[datetime]:not([data-day])")) {
  const at = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = (at.getFullYear() === new Date().getFullYear() ? thisYear : otherYear).format(at);
}
const days = Intl.DateTimeFormat(undefined, {day: "numeric", month: "short", year: "numeric"});
for (const time of document.querySelectorAll("time[data-day]")) time.textContent = days.format(new Date(time.dateTime));
for (const place of document.querySelectorAll("[data-zone]")) place.textContent = "Times in " + zone.replaceAll("_", " ");

const filters = document.querySelector("[data-filters]");
if (filters) {
  filters.querySelector("[data-apply]").hidden = true;
  filters.addEventListener("change", (event) => { if (event.target.matches("select")) filters.requestSubmit(); });
  filters.addEventListener("submit", () => {
    document.querySelector("main").setAttribute("aria-busy", "true");
    for (const field of filters.elements) if (field.name && !field.value) field.disabled = true;
  });
}

for (const form of document.querySelectorAll("[data-busy]")) {
  const told = form.querySelector("[data-working]");
  form.addEventListener("submit", () => {
    document.querySelector("main").setAttribute("aria-busy", "true");
    form.querySelector("button").disabled = true;
    told.textContent = "Going through your history: a few seconds…";
  });
  // A page that comes back out of the browser's memory is not busy any more.
  addEventListener("pageshow", () => {
    document.querySelector("main").removeAttribute("aria-busy");
    form.querySelector("button").disabled = false;
    told.textContent = "";
  });
}

const help = document.querySelector("dialog.help");
const opener = document.querySelector("[data-help]");
if (help && opener) { opener.hidden = false; opener.addEventListener("click", () => help.showModal()); }
const names = [...document.querySelectorAll("[data-open]")];
function move(step) {
  if (!names.length) return;
  const now = names.indexOf(document.activeElement);
  const next = names[Math.min(Math.max(now < 0 ? 0 : now + step, 0), names.length - 1)];
  next.focus();
  next.scrollIntoView({block: "nearest"});
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && typing) { event.target.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || (help && help.open)) return;
  const tabs = document.querySelectorAll(".tab");
  const does = {
    j: () => move(1), k: () => move(-1),
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => help?.showModal(),
    u: () => document.querySelector("[data-back]")?.click(),
    1: () => tabs[0]?.click(), 2: () => tabs[1]?.click(), 3: () => tabs[2]?.click(),
  }[event.key];
  if (does) { event.preventDefault(); does(); }
});
