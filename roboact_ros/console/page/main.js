// Views and keys.
import { $, make } from "./page.js";
import "./link.js";
import { stop } from "./stop.js";
import { request } from "./arm.js";
import "./talk.js";
import { proceed } from "./cameras.js";
import { record } from "./episode.js";
import { fallSilent, talk } from "./microphone.js";
import { reload, toggle } from "./player.js";
import "./health.js";

function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll("nav button")) button.toggleAttribute("aria-current", button.dataset.show === name);
  if (name === "episodes") reload();
  proceed();
}

const showKeys = () => $("keys").show(); // not modal: nothing may lie over the stop button

const KEYS = [
  [["Space", "Esc"], "Stop the arm. Esc also works while you type.", stop],
  [["M"], "Hold to talk", talk],
  [["/"], "Type a sentence", () => { view("operate"); $("say").focus(); }],
  [["T"], "Type the task", () => { view("operate"); $("task").focus(); }],
  [["⇧R"], "Resume after a stop", () => request("resume")],
  [["⇧H"], "Go home", () => request("home")],
  [["⇧E"], "Start an episode", () => record("start")],
  [["⇧S"], "Save the episode", () => record("save")],
  [["⇧A"], "Do the episode again, in place of this one", () => record("rerecord")],
  [["⇧D"], "Discard the episode", () => record("discard")],
  [["N"], "Write a note about the episode", () => { view("operate"); $("note").focus(); }],
  [["P"], "Play or pause a recorded episode", toggle],
  [["1"], "Operate", () => view("operate")],
  [["2"], "Episodes", () => view("episodes")],
  [["3"], "Health", () => view("health")],
  [["?"], "Show these keys", showKeys],
];
const actions = new Map(KEYS.flatMap(([keys, , action]) => keys.map((key) => [key, action])));

function name(event) {
  if (event.key === " ") return "Space";
  if (event.key === "Escape") return "Esc";
  if (/^[a-z]$/i.test(event.key)) return (event.shiftKey ? "⇧" : "") + event.key.toUpperCase();
  return event.key;
}

document.addEventListener("keydown", (event) => {
  const key = name(event);
  const typing = event.target.matches("input:not([type=checkbox], [type=range])");
  if (event.ctrlKey || event.metaKey || event.altKey || (typing && key !== "Esc") || !actions.has(key)) return;
  event.preventDefault();
  if (event.repeat) return;
  if ($("keys").open && key === "Esc") $("keys").close();
  actions.get(key)();
}, { capture: true });
document.addEventListener("keyup", (event) => { if (name(event).endsWith("M")) fallSilent(); }, { capture: true });
window.addEventListener("blur", fallSilent);

$("key-list").append(...KEYS.flatMap(([keys, text]) => [make("dt", keys.map((key) => make("kbd", key))), make("dd", text)]));
$("show-keys").addEventListener("click", showKeys);
for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => view(button.dataset.show));
view("operate");
