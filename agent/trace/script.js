"use strict";
// Only what the page can do without: links that open what they lead to, a filter over the calls, and a timeline that
// tells what is pointed at, and is walked with the arrow keys.
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  target.hidden = false;
  const inside = target.matches(".call") ? target.querySelector("details") : target;
  for (let closed = inside?.closest("details"); closed; closed = closed.parentElement.closest("details")) closed.open = true;
  target.closest(".call[hidden]")?.removeAttribute("hidden");
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();

for (const bar of document.querySelectorAll(".filters")) {
  const calls = [...bar.parentElement.querySelectorAll(".call")].map((call) => ({ call, words: "" }));
  const fields = [...bar.querySelectorAll("select, input")];
  const count = bar.querySelector("output");
  const button = bar.querySelector("button");

  const wordsOf = (entry) => (entry.words ||= entry.call.textContent.toLowerCase());
  const fits = (entry, field) =>
    field.name === "text"
      ? field.value.toLowerCase().split(/\s+/).every((word) => wordsOf(entry).includes(word))
      : entry.call.dataset[field.name] === field.value;
  const apply = () => {
    const wanted = fields.filter((field) => field.value.trim());
    let shown = 0;
    for (const entry of calls) {
      entry.call.hidden = !wanted.every((field) => fits(entry, field));
      shown += !entry.call.hidden;
    }
    count.textContent = wanted.length ? `${shown} of ${calls.length} calls` : `${calls.length} calls`;
  };
  for (const field of fields) field.addEventListener(field.name === "text" ? "input" : "change", apply);
  button.addEventListener("click", () => {
    const open = button.textContent === "open all";
    for (const { call } of calls) {
      if (!call.hidden || !open) for (const one of call.querySelectorAll("details")) one.open = open;
    }
    button.textContent = open ? "close all" : "open all";
  });
  apply();
  bar.hidden = false;
}

for (const figure of document.querySelectorAll(".timeline, .curves")) {
  const bars = [...figure.querySelectorAll("a")];
  const told = figure.querySelector(".pointed");
  bars.forEach((bar, at) => {
    // One stop for the Tab key; the arrow keys go on from there.
    bar.setAttribute("tabindex", at ? "-1" : "0");
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step || !bars[at + step]) return;
      event.preventDefault();
      bar.setAttribute("tabindex", "-1");
      bars[at + step].setAttribute("tabindex", "0");
      bars[at + step].focus();
    });
    for (const kind of ["pointerenter", "focus"]) {
      bar.addEventListener(kind, () => {
        if (told) told.textContent = bar.dataset.told;
      });
    }
  });
}
