// The connection to the cell: what it says, how old that is, and how to ask for something.
const LATE_MS = 1200; // the console sends four times a second
const RETRY_MS = 500;

export const sections = {};
const ages = {}; // section -> [age when told, moment it was told]
const listeners = [];
let socket = null;
let heard = -Infinity;
let state = "waiting";

readToken();

function readToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    localStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
}

export const token = () => localStorage.getItem("token") ?? "";
export function useToken(value) {
  localStorage.setItem("token", value.trim());
  location.reload();
}

// f(content, section) on every change of the sections whose name begins with one of the names.
export function on(names, f) { listeners.push([names.split(" "), f]); }
export const connected = () => state === "connected";
export const linkState = () => state;

export function age(section) {
  const told = ages[section];
  return told ? told[0] + (performance.now() - told[1]) / 1000 : Infinity;
}

export function open(path) {
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
  const made = token() ? new WebSocket(address, `token.${token()}`) : new WebSocket(address);
  made.binaryType = "arraybuffer";
  return made;
}

export async function ask(path, body) {
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  const options = { headers };
  if (body !== undefined) {
    options.method = "POST";
    options.body = body instanceof Blob ? body : JSON.stringify(body);
    headers["Content-Type"] = body instanceof Blob ? body.type : "application/json";
  }
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(await reason(response));
  return response;
}

async function reason(response) {
  const text = await response.text();
  try { return JSON.parse(text).error; } catch { return text; }
}

export const post = async (name, body) => (await ask(`/api/${name}`, body)).json();

// Goes out on the socket that is open already; false when there is none.
export function shout(text) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(text);
  return true;
}

function connect() {
  const mine = socket = open("/ws/state");
  mine.onmessage = (event) => {
    if (mine !== socket) return;
    heard = performance.now();
    const news = JSON.parse(event.data);
    Object.assign(sections, news.sections);
    for (const [name, value] of Object.entries(news.ages)) ages[name] = [value, heard];
    enter("connected");
    for (const [names, f] of listeners)
      for (const [section, content] of Object.entries(news.sections))
        if (names.some((name) => section.startsWith(name))) f(content, section);
  };
  mine.onclose = () => {
    if (mine === socket) retry();
  };
}

async function retry() {
  socket = null;
  enter("lost");
  try {
    // A browser hides why a socket was refused; a request does not.
    await ask("/api/hello").catch((error) => { if (/token|console/.test(error.message)) enter("refused", error.message); });
  } finally {
    setTimeout(connect, RETRY_MS);
  }
}

export let refusal = "";
function enter(next, why = "") {
  refusal = why;
  if (next === state) return;
  state = next;
  document.dispatchEvent(new CustomEvent("link"));
}

setInterval(() => {
  if (!connected() || performance.now() - heard < LATE_MS) return;
  const silent = socket;
  socket = null;
  silent?.close();
  retry();
}, 200);

connect();
