// SPDX-License-Identifier: MIT
// Elements from words. Text is only ever set as text: nothing that a server says becomes markup.

export const byId = (id) => document.getElementById(id);

export function say(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text; // what did not change is not read aloud again
}

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function draw(tag, attributes = {}, text = null) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

// Rows of a table's body: each an array of texts, or of nodes.
export function fill(id, rows) {
  byId(id).tBodies[0].replaceChildren(...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell)))));
}

export const mark = (kind, text) => make("span", { class: kind }, text);
