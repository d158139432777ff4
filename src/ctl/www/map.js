// SPDX-License-Identifier: MIT
// Both clusters, the links between them, who is open, and where the names lead.
import { byId, draw } from "./dom.js";
import * as words from "./words.js";

const ROW = 46;
const TOP = 90;
const GAP = 76; // between clusters that stand one above the other

// Side by side, or on a phone one above the other: text keeps the size that it has elsewhere.
const isNarrow = matchMedia("(max-width: 40rem)");

function layout(rowsOf) {
  if (!isNarrow.matches) {
    const box = (x) => ({ x, y: TOP, width: 240 });
    return { width: 640, height: 140 + Math.max(rowsOf.old, rowsOf.new) * ROW, names: 250, old: box(20), new: box(380), isStacked: false };
  }
  const below = TOP + heightOf(rowsOf.old) + GAP;
  return { width: 316, height: below + heightOf(rowsOf.new) + 4, names: 88, old: { x: 24, y: TOP, width: 268 },
    new: { x: 24, y: below, width: 268 }, isStacked: true };
}

const heightOf = (rows) => 40 + rows * ROW;

const arrowHead = (id) => {
  const marker = draw("marker", { id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" });
  marker.append(draw("path", { d: "M0 0L10 5L0 10z", fill: "context-stroke" }));
  return marker;
};

function nodeBox(node, x, y, width) {
  const kind = node.is_reached ? (node.is_open ? "open" : "") : "lost";
  return [
    draw("rect", { x, y, width, height: 36, rx: 6, class: `node ${kind}` }),
    draw("text", { x: x + 10, y: y + 15 }, node.node),
    draw("text", { x: x + 10, y: y + 30, class: "small" },
      `${node.is_primary ? "primary" : "replica"}, ${node.is_reached ? words.writes(node.is_open) : "does not answer"}` +
      (node.is_primary || !node.is_reached ? "" : `, ${words.lag(node.apply_ms ?? node.receive_ms)} behind`)),
  ];
}

function cluster(place, lag, side) {
  const { x, y, width } = place[side];
  const nodes = lag.nodes.filter((node) => node.side === side);
  return [
    draw("rect", { x, y, width, height: heightOf(nodes.length), rx: 10, class: "box" }),
    draw("text", { x: x + 14, y: y + 22 }, words.sideTitle(side)),
    ...nodes.flatMap((node, i) => nodeBox(node, x + 20, y + 32 + i * ROW, width - 40)),
  ];
}

// Its line, and where its delay is written.
function track(place, isForward) {
  if (place.isStacked) {
    const x = isForward ? 110 : 206;
    const [upper, lower] = [place.new.y - GAP, place.new.y];
    return { d: `M${x} ${isForward ? upper : lower}V${isForward ? lower - 2 : upper + 2}`, y: lower - GAP / 2 + 4,
      ...(isForward ? { x: x - 10, "text-anchor": "end" } : { x: x + 10, "text-anchor": "start" }) };
  }
  const y = isForward ? 132 : 156;
  const ends = [place.old.x + place.old.width - 18, place.new.x + 18];
  const [from, to] = isForward ? ends : ends.reverse();
  return { d: `M${from} ${y}H${to}`, x: 320, y: isForward ? y - 7 : y + 17, "text-anchor": "middle" };
}

function link(place, lag, name) {
  const state = lag.links[name];
  const { d, ...label } = track(place, name === "forward");
  const kind = state.exists === false ? "absent" : state.is_running ? name : "broken";
  const parts = [draw("path", { d, class: `link ${kind}`, "marker-end": "url(#arrow)" })];
  if (state.exists !== false)
    parts.push(draw("text", { ...label, class: "small" },
      state.is_running ? words.lag(state.lag_ms) : state.exists === null ? "unknown" : "stopped"));
  return parts;
}

function arrowTo(place, side) {
  const { x, y, width } = place[side];
  if (!place.isStacked) return `M${side === "old" ? 262 : 378} 46L${x + width / 2} 88`;
  return side === "old" ? `M${place.names + 70} 48V${y - 2}` : `M${place.names + 140} 31H308V${y + 20}H${x + width + 2}`;
}

function names(place, pointsTo) {
  const parts = [
    draw("rect", { x: place.names, y: 14, width: 140, height: 34, rx: 17, class: "box" }),
    draw("text", { x: place.names + 70, y: 36, "text-anchor": "middle" }, "the names"),
  ];
  for (const side of ["old", "new"])
    if (pointsTo === side || pointsTo === "mixed")
      parts.push(draw("path", { d: arrowTo(place, side), class: "names", "marker-end": "url(#arrow)" }));
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
  const rows = (side) => lag.nodes.filter((node) => node.side === side).length;
  const place = layout({ old: rows("old"), new: rows("new") });
  map.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
  const text = byId("map-text");
  text.textContent = inWords(lag, pointsTo);
  const defs = draw("defs");
  defs.append(arrowHead("arrow"));
  map.replaceChildren(text, defs, ...names(place, pointsTo), ...cluster(place, lag, "old"), ...cluster(place, lag, "new"),
    ...link(place, lag, "forward"), ...link(place, lag, "reverse"));
}
