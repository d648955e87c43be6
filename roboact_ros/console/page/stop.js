// The stop button: sent at the touch, on every way there is, again until the arm says that it stopped.
import { $, show } from "./page.js";
import { age, connected, on, post, sections, shout } from "./link.js";

const AGAIN_MS = 250;
const UNCONFIRMED_MS = 800;
const GIVE_UP_MS = 10_000;
let pressed = null; // { at, timer, answered }

export function stop() {
  $("stop").classList.add("pressed");
  setTimeout(() => $("stop").classList.remove("pressed"), 200);
  clear();
  pressed = { at: performance.now(), timer: setInterval(send, AGAIN_MS) };
  send();
  navigator.vibrate?.(60);
}

export function clear() {
  if (pressed) clearInterval(pressed.timer);
  pressed = null;
  $("stop-note").hidden = true;
}

function send() {
  if (connected() && confirmed()) return clear();
  const since = performance.now() - pressed.at;
  if (since > GIVE_UP_MS) return note("The stop was not confirmed. Use the emergency stop of the robot.", "error", true);
  const press = `${Date.now()}-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  shout(`stop ${press}`);
  post("stop", { press }).catch(() => {}); // what counts is whether the arm says that it stopped; see below
  if (!connected()) note("STOP was not delivered: no connection. Use the emergency stop.", "error");
  else if (since > UNCONFIRMED_MS) note("STOP is not confirmed by the arm. Use the emergency stop.", "error");
  else note("Stopping …", "warn");
}

function note(text, level, last = false) {
  $("stop-note").hidden = false;
  show($("stop-note"), text, level);
  if (last) clearInterval(pressed.timer);
}

// Only what the arm has said after the press counts.
const confirmed = () => sections.arm?.values.state === "stopped" && 1000 * age("arm") < performance.now() - pressed.at;

on("arm", () => {
  if (pressed && confirmed()) clear();
});

$("stop").addEventListener("pointerdown", (event) => {
  event.preventDefault();
  stop();
});
$("stop").addEventListener("click", (event) => {
  if (event.detail === 0) stop(); // pressed by keyboard or by a screen reader, without a pointer
});
