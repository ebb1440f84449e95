"use strict";
// Folding and unfolding works without this; it adds all at once, a filter, and unfolds for print.
const changes = () => Array.from(document.querySelectorAll("details.change"));
const fold = (open) => { for (const each of changes()) if (!each.hidden) each.open = open; };
document.getElementById("unfold").addEventListener("click", () => fold(true));
document.getElementById("fold").addEventListener("click", () => fold(false));
const filter = document.getElementById("filter");
const told = document.getElementById("shown");
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const each of changes()) {
    const text = each.textContent.toLowerCase();
    each.hidden = !words.every((word) => text.includes(word));
    count += each.hidden ? 0 : 1;
  }
  told.textContent = words.length ? `${count} shown` : "";
});
let opened = [];
addEventListener("beforeprint", () => {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
for (const each of document.querySelectorAll(".script")) each.hidden = false;
