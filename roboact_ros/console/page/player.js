// Recorded episodes: a list, and playback with everything that was said.
import { $, make, seconds, show } from "./page.js";
import { ask } from "./link.js";

const KINDS = { instruction: "Task", correction: "You", "teleop/motion": "Motion", "policy/motion": "Policy", "executor/status": "Arm" };
const ARM = /^(left|right)\/(.*)$/; // what was said to one arm of two
let episode = null; // as the console tells it, with screens: [{ camera, times, canvas, wanted, shown, busy }]
let time = 0;
let playing = false;
let last = 0;

function called(kind) {
  const [, arm, topic] = ARM.exec(kind) ?? [null, "", kind];
  return `${KINDS[topic] ?? topic}${arm && ` (${arm})`}`;
}

const path = (name) => `/api/episodes/${encodeURIComponent(name)}`;

export async function reload() {
  try {
    const bags = await (await ask("/api/episodes")).json();
    show($("shelf-why"), bags.length ? "" : "No episode was recorded yet.");
    $("bags").replaceChildren(...bags.map(row));
  } catch (error) {
    show($("shelf-why"), error.message);
  }
}

function row(bag) {
  const facts = [bag.state, bag.seconds === null ? "" : seconds(bag.seconds), `${bag.megabytes.toFixed(1)} MB`].filter(Boolean).join(" · ");
  const button = make("button", [make("span", bag.instruction || "(no task)", { class: "name" }), make("span", `${bag.name.slice(0, 19).replace("_", " ")} · ${facts}`, { class: "faint" })], { type: "button", "data-name": bag.name });
  if (bag.name === episode?.name) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => choose(bag.name));
  return make("li", [button]);
}

async function choose(name) {
  pause();
  try {
    episode = await (await ask(path(name))).json();
    show($("shelf-why"), "");
  } catch (error) {
    return show($("shelf-why"), error.message);
  }
  for (const button of $("bags").querySelectorAll("button")) button.toggleAttribute("aria-current", button.dataset.name === name);
  $("player").hidden = false;
  $("player-empty").hidden = true;
  show($("player-title"), episode.instruction || episode.name);
  const notes = Object.entries(episode.notes).filter(([key]) => key === "note" || key === "outcome").map(([key, text]) => `${key}: ${text}`);
  show($("player-facts"), [episode.name, seconds(episode.seconds), episode.complete ? "" : "cut short", ...notes].filter(Boolean).join(" · "));
  episode.screens = Object.entries(episode.cameras).map(([camera, times]) => ({ camera, times, canvas: make("canvas", "", { role: "img", "aria-label": `Camera ${camera}` }), wanted: -1, shown: -1, busy: false }));
  $("screens").replaceChildren(...episode.screens.map((screen) => screen.canvas));
  $("moments").replaceChildren(...episode.moments.map((moment, index) => {
    const button = make("button", [make("span", seconds(moment.seconds)), make("span", called(moment.kind)), make("span", moment.text)], { type: "button" });
    button.addEventListener("click", () => seek(moment.seconds, index));
    return make("li", [button]);
  }));
  $("seek").max = Math.max(episode.seconds, 0.01);
  seek(0);
}

function before(times, moment) { // index of the last entry at or before the moment
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= moment) low = middle + 1; else high = middle;
  }
  return low - 1;
}

export function seek(to, chosen) { // several things may have happened in the same millisecond: chosen is one of them
  if (!episode) return;
  time = Math.min(Math.max(to, 0), episode.seconds);
  $("seek").value = time;
  show($("clock"), seconds(time));
  const now = chosen ?? before(episode.moments.map((moment) => moment.seconds), time);
  [...$("moments").children].forEach((node, index) => node.firstChild.toggleAttribute("aria-current", index === now));
  show($("caption"), now < 0 ? "" : `${called(episode.moments[now].kind)}: ${episode.moments[now].text}`);
  for (const screen of episode.screens) {
    screen.wanted = Math.max(0, before(screen.times, time));
    load(screen);
  }
}

async function load(screen) { // one image on its way at a time; what was passed over meanwhile is left out
  if (screen.busy || !screen.times.length) return;
  screen.busy = true;
  const from = episode;
  while (screen.wanted !== screen.shown && from === episode) {
    const index = screen.wanted;
    try {
      const response = await ask(`${path(from.name)}/${encodeURIComponent(screen.camera)}/${index}`);
      const image = await createImageBitmap(await response.blob());
      screen.canvas.width = image.width;
      screen.canvas.height = image.height;
      screen.canvas.getContext("2d").drawImage(image, 0, 0);
      screen.canvas.dataset.index = index;
      image.close();
    } catch (error) {
      show($("shelf-why"), error.message);
    }
    screen.shown = index;
  }
  screen.busy = false;
}

export function toggle() {
  if (!episode) return;
  if (playing) return pause();
  if (time >= episode.seconds - 0.01) seek(0);
  playing = true;
  show($("play"), "Pause");
  last = performance.now();
  requestAnimationFrame(step);
}

function pause() {
  playing = false;
  show($("play"), "Play");
}

function step(now) {
  if (!playing) return;
  seek(time + (now - last) / 1000);
  last = now;
  if (time >= episode.seconds) pause();
  else requestAnimationFrame(step);
}

$("play").addEventListener("click", toggle);
$("seek").addEventListener("input", () => { pause(); seek(Number($("seek").value)); });
$("reload").addEventListener("click", reload);
