// Task, sentences, what was understood before the arm moves, and the conversation.
import { $, make, show } from "./page.js";
import { on, post } from "./link.js";

const PAUSE_MS = 120; // typing rests this long before the cell is asked what it would understand
const WHO = { person: "You", robot: "Arm", console: "Console" };
let timer = 0;
let asked = 0;

export async function say(text) {
  try {
    await post("say", { text });
    mean("");
  } catch (error) {
    mean(error.message, true);
  }
}

export function mean(sentence, refused = false) {
  $("meaning").classList.toggle("refused", refused && sentence !== "");
  show($("meaning"), sentence);
}

export function compose(text) {
  $("say").value = text;
  $("say").focus();
  foresee();
}

function foresee() {
  clearTimeout(timer);
  const text = $("say").value.trim();
  if (!text) return mean("");
  timer = setTimeout(async () => {
    const mine = ++asked;
    try {
      const meaning = await post("understand", { text });
      if (mine === asked && $("say").value.trim() === text) mean(meaning.sentence, meaning.refused);
    } catch (error) {
      mean(error.message, true);
    }
  }, PAUSE_MS);
}

$("say").addEventListener("input", foresee);
$("say-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("say").value.trim();
  if (!text) return;
  clearTimeout(timer);
  asked++;
  $("say").value = "";
  await say(text);
});

$("task-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await post("instruct", { text: $("task").value.trim() });
    $("task").blur();
  } catch (error) {
    mean(error.message, true);
  }
});
on("instruction", (text) => {
  if (document.activeElement !== $("task")) $("task").value = text;
});

on("log", (lines) => {
  const log = $("log");
  const shown = new Set([...log.children].map((node) => node.dataset.number));
  const wanted = new Set(lines.map((line) => String(line.number)));
  for (const node of [...log.children]) if (!wanted.has(node.dataset.number)) node.remove();
  for (const line of lines) {
    if (shown.has(String(line.number))) continue;
    const time = new Date(line.unix_ms).toLocaleTimeString();
    const row = [make("span", WHO[line.who] ?? line.who, { class: "who", title: time }), make("span", line.text, { class: "text" })];
    log.append(make("li", row, { class: `${line.who} ${line.level}`, "data-number": line.number }));
  }
  follow();
});

// The newest line stays in sight until somebody scrolls up to read.
let following = true;
function follow() {
  if (following) $("log").scrollTop = $("log").scrollHeight;
}
for (const name of ["wheel", "touchmove", "keydown"])
  $("log").addEventListener(name, () => requestAnimationFrame(() => {
    following = $("log").scrollHeight - $("log").scrollTop - $("log").clientHeight < 40;
  }), { passive: true });
new ResizeObserver(follow).observe($("log"));

on("policy", (policy) => {
  $("choice").hidden = false;
  show($("policy-message"), policy.message);
});
on("choice", (choice) => {
  $("choice").hidden = false;
  const highest = Math.max(...choice.best.map(([, score]) => score), 1e-9);
  $("scores").replaceChildren(...choice.best.map(([phrase, score]) =>
    make("li", [make("span", phrase), make("span", score.toFixed(3)), make("progress", "", { max: highest, value: Math.max(score, 0) })])));
});
