// Every part of the cell with what it says about itself, and how long ago.
import { $, make, seconds, show, worst } from "./page.js";
import { age, on, sections } from "./link.js";

const OLD = 4.0; // parts speak once a second [s]
const cards = new Map();

function card(section) {
  if (!cards.has(section)) {
    const [state, list] = [make("p", "", { class: "state" }), make("dl")];
    const node = make("div", [make("h3", section.slice("health/".length)), state, list], { class: "card", "data-part": section });
    cards.set(section, { node, state, list });
    $("health").replaceChildren(...[...cards.keys()].sort().map((name) => cards.get(name).node));
  }
  return cards.get(section);
}

on("health/", (part, section) => {
  const { list } = card(section);
  list.replaceChildren(...Object.entries(part.values).filter(([, text]) => text !== "").flatMap(([key, text]) => [make("dt", key.replaceAll("_", " ")), make("dd", text)]));
});

setInterval(() => {
  let bad = 0;
  for (const [section, { state }] of cards) {
    const part = sections[section];
    const old = age(section) > OLD;
    show(state, old ? `silent for ${seconds(age(section))}` : part.message || "ok", old ? "error" : worst[part.level]);
    if (old || worst[part.level] === "error") bad += 1;
  }
  $("health-badge").hidden = bad === 0;
  show($("health-badge"), String(bad));
}, 500);
