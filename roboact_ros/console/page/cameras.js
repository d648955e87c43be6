// Live images. The next one of a camera is asked for when the last one is on the screen.
import { $, make, seconds, show } from "./page.js";
import { connected, on, open, sections } from "./link.js";

const OLD = 1.0; // an image older than this is shown as old [s]
const views = []; // { figure, canvas, age, at, waiting }
let socket = null;

on("cell", (cell) => {
  if (views.length === cell.cameras.length) return;
  views.length = 0;
  for (const name of cell.cameras) {
    const canvas = make("canvas", "", { width: 320, height: 240, role: "img", "aria-label": `Camera ${name}` });
    const age = make("span", "", { class: "age" });
    const figure = make("figure", [canvas, make("figcaption", [make("span", name), age])]);
    figure.addEventListener("click", () => figure.classList.toggle("large"));
    views.push({ figure, canvas, age, at: -Infinity, waiting: false });
  }
  $("cameras").replaceChildren(...views.map((view) => view.figure));
});

async function draw(data) {
  const index = new Uint8Array(data, 0, 1)[0];
  const view = views[index];
  if (view) {
    try {
      const image = await createImageBitmap(new Blob([new Uint8Array(data, 1)]));
      view.canvas.width = image.width;
      view.canvas.height = image.height;
      view.canvas.getContext("2d").drawImage(image, 0, 0);
      image.close();
      view.at = performance.now();
    } catch {
      show(view.age, "an image that cannot be shown");
    }
    view.waiting = true;
  }
  proceed();
}

// Nobody looks: no image is asked for until somebody does.
const watched = () => !document.hidden && document.body.dataset.view === "operate";

export function proceed() {
  if (socket?.readyState !== WebSocket.OPEN || !watched()) return;
  views.forEach((view, index) => {
    if (!view.waiting) return;
    view.waiting = false;
    socket.send(String(index));
  });
}

function connect() {
  if (socket !== null || !connected() || !sections.cell?.cameras.length) return;
  const mine = socket = open("/ws/images");
  mine.onmessage = (event) => draw(event.data);
  mine.onclose = () => { socket = null; };
}

setInterval(() => {
  connect();
  for (const view of views) {
    const age = (performance.now() - view.at) / 1000;
    const old = age > OLD && watched();
    view.figure.classList.toggle("stale", old);
    show(view.age, !old ? "" : Number.isFinite(age) ? `no image for ${seconds(age)}` : "no image yet");
  }
}, 250);
document.addEventListener("visibilitychange", proceed);
