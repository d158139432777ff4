// SPDX-License-Identifier: MIT
// Both clusters, the links between them, who is open, and where the names lead.
import { byId, draw } from "./dom.js";
import * as words from "./words.js";

const LEFT = { old: 20, new: 380 };
const WIDTH = 240;
const ROW = 46;

const arrowHead = (id) => {
  const marker = draw("marker", { id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" });
  marker.append(draw("path", { d: "M0 0L10 5L0 10z", fill: "context-stroke" }));
  return marker;
};

function nodeBox(node, x, y) {
  const kind = node.is_reached ? (node.is_open ? "open" : "") : "lost";
  return [
    draw("rect", { x, y, width: WIDTH - 40, height: 36, rx: 6, class: `node ${kind}` }),
    draw("text", { x: x + 10, y: y + 15 }, node.node),
    draw("text", { x: x + 10, y: y + 29, class: "small" },
      `${node.is_primary ? "primary" : "replica"}, ${node.is_reached ? words.writes(node.is_open) : "does not answer"}` +
      (node.is_primary ? "" : `, ${words.lag(node.apply_ms ?? node.receive_ms)} behind`)),
  ];
}

function cluster(lag, side) {
  const x = LEFT[side];
  const nodes = lag.nodes.filter((node) => node.side === side);
  const height = 40 + nodes.length * ROW;
  return [
    draw("rect", { x, y: 90, width: WIDTH, height, rx: 10, class: "box" }),
    draw("text", { x: x + 14, y: 112 }, words.sideTitle(side)),
    ...nodes.flatMap((node, i) => nodeBox(node, x + 20, 122 + i * ROW)),
  ];
}

function link(lag, name) {
  const state = lag.links[name];
  const isForward = name === "forward";
  const y = isForward ? 132 : 156;
  const [from, to] = isForward ? [LEFT.old + WIDTH - 18, LEFT.new + 18] : [LEFT.new + 18, LEFT.old + WIDTH - 18];
  const kind = state.exists === false ? "absent" : state.is_running ? name : "broken";
  const parts = [draw("path", { d: `M${from} ${y}H${to}`, class: `link ${kind}`, "marker-end": "url(#arrow)" })];
  if (state.exists !== false)
    parts.push(draw("text", { x: 320, y: isForward ? y - 7 : y + 17, "text-anchor": "middle", class: "small" },
      state.is_running ? words.lag(state.lag_ms) : state.exists === null ? "unknown" : "stopped"));
  return parts;
}

function names(pointsTo) {
  const parts = [
    draw("rect", { x: 250, y: 14, width: 140, height: 34, rx: 17, class: "box" }),
    draw("text", { x: 320, y: 36, "text-anchor": "middle" }, "the names"),
  ];
  for (const side of ["old", "new"])
    if (pointsTo === side || pointsTo === "mixed")
      parts.push(draw("path", { d: `M${side === "old" ? 262 : 378} 46L${LEFT[side] + WIDTH / 2} 88`, class: "names", "marker-end": "url(#arrow)" }));
  return parts;
}

function inWords(lag, pointsTo) {
  const open = lag.nodes.filter((node) => node.is_primary && node.is_open).map((node) => words.sideTitle(node.side));
  const links = ["forward", "reverse"].map((name) => {
    const state = lag.links[name];
    return `${name} link ${state.exists === false ? "absent" : state.is_running ? `runs, ${words.lag(state.lag_ms)} behind` : "does not run"}`;
  });
  return `${open.length ? open.join(" and ") : "No side"} open; ${links.join("; ")}; the names lead to ${pointsTo ?? "nobody knows where"}.`;
}

export function drawMap(lag, pointsTo) {
  const map = byId("map");
  const rows = Math.max(...["old", "new"].map((side) => lag.nodes.filter((node) => node.side === side).length), 1);
  map.setAttribute("viewBox", `0 0 640 ${140 + rows * ROW}`);
  const text = byId("map-text");
  text.textContent = inWords(lag, pointsTo);
  const defs = draw("defs");
  defs.append(arrowHead("arrow"));
  map.replaceChildren(text, defs, ...names(pointsTo), ...cluster(lag, "old"), ...cluster(lag, "new"), ...link(lag, "forward"),
    ...link(lag, "reverse"));
}
