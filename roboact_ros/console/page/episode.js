// Starts and ends episodes, and counts them.
import { $, seconds, show, worst } from "./page.js";
import { age, connected, on, post, sections } from "./link.js";

const OLD = 3.0; // the recorder speaks once a second [s]
let busy = false;
let failure = "";

const recording = () => sections.recorder?.values.state === "recording";

// "Do again" also replaces the episode that was saved last.
const possible = (action) => (action === "start" ? !recording() : recording() || (action === "rerecord" && sections.recorder?.values.episode));

function draw() {
  const recorder = sections.recorder;
  const old = !recorder || age("recorder") > OLD;
  if (old) show($("episode-state"), "The recorder is silent", "error");
  else if (recording()) {
    const lost = Number(recorder.values.drops) ? ` · ${recorder.values.drops} lost` : "";
    show($("episode-state"), `Recording ${seconds(Number(recorder.values.seconds))}${lost}`, "recording");
  } else show($("episode-state"), "Not recording", worst[recorder.level]);
  show($("episode-why"), failure || (!old && recorder.level !== "ok" ? recorder.message : ""));
  for (const button of document.querySelectorAll("button[data-record]"))
    button.disabled = busy || old || !connected() || !possible(button.dataset.record);
  $("note-form").querySelector("button").disabled = old || !connected() || !recording();
}

export async function record(action) {
  const button = document.querySelector(`button[data-record="${action}"]`);
  if (button.disabled) return;
  busy = true;
  failure = "";
  draw();
  try {
    await post("record", { action });
  } catch (error) {
    failure = error.message;
  }
  busy = false;
  draw();
}

on("recorder", draw);
on("series", (series) => {
  document.querySelector(".count").hidden = $("count").hidden = !series.task;
  failure = series.problem || failure;
  show($("saved"), String(series.saved));
  if (document.activeElement !== $("target")) $("target").value = series.target || "";
  $("count").max = series.target || 1;
  $("count").value = series.target ? Math.min(series.saved, series.target) : 0;
});
setInterval(draw, 500);
for (const button of document.querySelectorAll("button[data-record]")) button.addEventListener("click", () => record(button.dataset.record));
$("note-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("note").value.trim();
  if (!text) return;
  try {
    await post("note", { text });
    $("note").value = "";
    $("note").blur();
  } catch (error) {
    failure = error.message;
    draw();
  }
});
$("target").addEventListener("change", () => post("aim", { target: $("target").value }).catch((error) => {
  failure = error.message;
  draw();
}));
