"use strict";
// Only what the page can do without: a filter over the runs, and links that open what they lead to.
for (const bar of document.querySelectorAll(".filters")) {
  const groups = [...bar.parentElement.querySelectorAll(".group")];
  const runs = groups.flatMap((group) => [...group.querySelectorAll(".run")].map((run) => ({ run, group, words: "" })));
  const fields = [...bar.querySelectorAll("select, input")];
  const count = bar.querySelector("output");

  const wordsOf = (entry) => {
    if (!entry.words) {
      const heads = entry.group.querySelectorAll(":scope > summary, :scope > p");
      entry.words = [entry.run, ...heads].map((part) => part.textContent).join(" ").toLowerCase();
    }
    return entry.words;
  };

  const apply = () => {
    const wanted = fields.filter((field) => field.value.trim());
    const fits = (entry) =>
      wanted.every((field) =>
        field.name === "text"
          ? field.value.toLowerCase().split(/\s+/).every((word) => wordsOf(entry).includes(word))
          : entry.run.dataset[field.name] === field.value,
      );
    const left = new Map(groups.map((group) => [group, 0]));
    for (const entry of runs) {
      entry.run.hidden = !fits(entry);
      left.set(entry.group, left.get(entry.group) + !entry.run.hidden);
    }
    let shown = 0;
    for (const [group, number] of left) {
      group.hidden = number === 0;
      group.open = wanted.length > 0 && number > 0;
      shown += number;
    }
    count.textContent = wanted.length ? `${shown} of ${runs.length} runs` : `${runs.length} runs`;
  };

  for (const field of fields) {
    field.addEventListener(field.name === "text" ? "input" : "change", apply);
  }
  apply();
  bar.hidden = false;
}

const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const closed = target?.closest("details");
  if (closed) {
    closed.open = true;
    target.scrollIntoView();
  }
};
addEventListener("hashchange", reveal);
reveal();
