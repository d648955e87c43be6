// Small helpers around the document. Text from outside only ever becomes text, never markup.
export const $ = (id) => document.getElementById(id);

export function make(tag, content = "", attributes = {}) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (Array.isArray(content)) node.append(...content);
  else node.textContent = content;
  return node;
}

export function show(node, text, level = null) {
  if (node.textContent !== text) node.textContent = text;
  if (level !== null) for (const name of ["ok", "warn", "error", "busy", "recording"]) node.classList.toggle(name, name === level);
}

export const worst = { ok: "ok", warn: "warn", error: "error", stale: "error" };
export const seconds = (value) => `${value.toFixed(1)} s`;
