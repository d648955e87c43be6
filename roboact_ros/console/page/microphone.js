// Hold to talk: records while the button is held, and sends 16 kHz, 16 bits, one channel.
import { $ } from "./page.js";
import { connected, on, post } from "./link.js";
import { compose, mean, say } from "./talk.js";

const RATE = 16_000;
const LONGEST_S = 30;
const TAIL_MS = 250; // people let go of the button while they say the last syllable
let source = null; // { context, stream, node }
let chunks = null; // while recording
let held = false;
let deaf = "";

on("hearing", (why) => { deaf = why; });

export async function talk() {
  if (held) return;
  if (deaf) return mean(deaf, true);
  if (!navigator.mediaDevices) return mean("The browser lends its microphone only to https pages and to localhost; see console.certificate.", true);
  held = true;
  try {
    source ??= await listen();
  } catch (error) {
    held = false;
    return mean(`No microphone: ${error.message}`, true);
  }
  if (!held) return mean("The microphone is ready now. Hold the button and talk.");
  chunks = [];
  $("microphone").classList.add("listening");
  mean("Listening …");
}

export async function fallSilent() {
  if (!held) return;
  held = false;
  if (!chunks) return;
  await new Promise((done) => setTimeout(done, TAIL_MS));
  const spoken = chunks;
  chunks = null;
  $("microphone").classList.remove("listening");
  if (connected()) await send(spoken);
}

async function listen() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, noiseSuppression: true } });
  const context = new AudioContext();
  await context.audioWorklet.addModule("/page/worklet.js");
  const node = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  node.port.onmessage = (event) => {
    if (!chunks) return;
    chunks.push(event.data);
    if (chunks.length * event.data.length > LONGEST_S * context.sampleRate) fallSilent();
  };
  context.createMediaStreamSource(stream).connect(node);
  return { context, stream, node };
}

async function send(spoken) {
  try {
    mean("Understanding …");
    const heard = await post("hear", await wav(spoken, source.context.sampleRate));
    if (heard.question) mean(heard.text ? `“${heard.text}” – ${heard.question}` : heard.question, true);
    else if ($("check-first").checked) compose(heard.text);
    else await say(heard.text);
  } catch (error) {
    mean(error.message, true);
  }
}

async function wav(spoken, rate) {
  const length = spoken.reduce((sum, chunk) => sum + chunk.length, 0);
  const data = new Float32Array(length);
  let at = 0;
  for (const chunk of spoken) { data.set(chunk, at); at += chunk.length; }
  const samples = length ? await resample(data, rate) : data;
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const word = (place, text) => [...text].forEach((char, i) => bytes.setUint8(place + i, char.charCodeAt(0)));
  word(0, "RIFF"); bytes.setUint32(4, 36 + 2 * samples.length, true); word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true); bytes.setUint32(28, 2 * RATE, true); bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true);
  word(36, "data"); bytes.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => bytes.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new Blob([bytes], { type: "audio/wav" });
}

async function resample(data, rate) {
  const offline = new OfflineAudioContext(1, Math.ceil(data.length * RATE / rate), RATE);
  const buffer = offline.createBuffer(1, data.length, rate);
  buffer.copyToChannel(data, 0);
  const player = offline.createBufferSource();
  player.buffer = buffer;
  player.connect(offline.destination);
  player.start();
  return (await offline.startRendering()).getChannelData(0);
}

$("microphone").addEventListener("pointerdown", (event) => {
  $("microphone").setPointerCapture(event.pointerId);
  talk();
});
for (const name of ["pointerup", "pointercancel"]) $("microphone").addEventListener(name, fallSilent);
$("microphone").addEventListener("contextmenu", (event) => event.preventDefault());
