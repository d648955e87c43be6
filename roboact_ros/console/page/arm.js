// What the arm does and why it does not, the connection, and who else is here.
import { $, show, seconds, worst } from "./page.js";
import { age, connected, linkState, on, post, refusal, sections, useToken } from "./link.js";
import { clear } from "./stop.js";

const OLD = 1.6; // the executor speaks twice a second [s]
const STATES = {
  idle: "Ready", moving: "Moving", halting: "Halting", stopped: "Stopped", holding: "Held", disconnected: "No robot",
};

function draw() {
  const arm = sections.arm;
  const old = !arm || age("arm") > OLD;
  document.body.dataset.link = linkState();
  const state = arm?.values.state;
  if (old) show($("arm-state"), "Not known", "error");
  else show($("arm-state"), STATES[state] ?? state, { moving: "busy", halting: "busy" }[state] ?? (state === "idle" ? "ok" : worst[arm.level] === "ok" ? "warn" : worst[arm.level]));
  const moving = !old && (state === "moving" || state === "halting");
  show($("arm-motion"), moving ? arm.values.motion : "");
  $("arm-progress").hidden = !moving;
  $("arm-progress").value = moving ? Number(arm.values.progress) || 0 : 0;
  show($("arm-plan"), moving && arm.values.plan ? `then ${arm.values.plan.replaceAll("; then ", ", then ")}` : "");
  const silent = arm ? `The executor has said nothing for ${seconds(age("arm"))}.` : "The executor has not said anything yet.";
  show($("arm-why"), old ? silent : [arm.values.reason, arm.values.refused && `Refused: ${arm.values.refused}`].filter(Boolean).join(" "));
}

function drawLink() {
  const state = linkState();
  document.body.dataset.link = state;
  $("lost").hidden = state !== "lost";
  $("token-form").hidden = state !== "refused";
  if (state === "refused") show($("token-why"), refusal);
  show($("link"), { connected: "Connected", lost: "Not connected", waiting: "Connecting …", refused: "No access" }[state], { connected: "ok", lost: "error", refused: "error" }[state] ?? "warn");
  for (const button of document.querySelectorAll("button[data-ask], button[data-record], #send, #microphone, #task-form button, #note-form button"))
    if (!connected()) button.disabled = true;
    else if (!button.dataset.record) button.disabled = false;
}

export async function request(word) {
  clear();
  await post("ask", { word }).catch((error) => show($("arm-why"), error.message));
}

on("cell", (cell) => {
  show($("cell-name"), cell.name);
  show($("cell-robot"), cell.robot);
  document.title = `${cell.name} · roboact`;
});
on("consoles", (count) => {
  $("others").hidden = count < 2;
  show($("others"), `${count} consoles open`, "warn");
});
on("arm", draw);
setInterval(draw, 200);
document.addEventListener("link", () => { drawLink(); draw(); });
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken($("token").value);
});
for (const button of document.querySelectorAll("button[data-ask]")) button.addEventListener("click", () => request(button.dataset.ask));
drawLink();
