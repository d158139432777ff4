// SPDX-License-Identifier: MIT
// Lag over time: of both links, or of one node. A value that is not known is a gap.
/* global Dygraph */
import { byId, make } from "./dom.js";
import * as words from "./words.js";

const KEPT_S = 3600;
const SILENT_MS = 2000;   // nothing was heard for so long: a gap
const SAMPLED_MS = 10000; // a run that takes no samples for so long is stopped, or behind its fence

const BOTH_LINKS = {
  title: "both links",
  lines: ["OLD → NEW", "NEW → OLD"],
  colors: ["--forward", "--reverse"],
  of: (page) => [page.links.forward.lag_ms, page.links.reverse.lag_ms],
};

const ofNode = (name) => ({
  title: name,
  lines: ["received", "heartbeat of OLD", "heartbeat of NEW"],
  colors: ["--quiet", "--forward", "--reverse"],
  of: (page) => {
    const node = page.nodes.find((one) => one.node === name);
    return node ? [node.receive_ms, node.heartbeat_ms.old, node.heartbeat_ms.new] : [null, null, null];
  },
});

// It measures itself with a style attribute, which the page's policy forbids; the numbers stand beside the chart anyway.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

// Points of one chart, in order of time; `silentMs` apart there is a gap.
class Series {
  constructor(what) {
    this.what = what;
    this.points = [];
  }

  add(at, values, silentMs = SILENT_MS) {
    const last = this.points.at(-1);
    if (last && at - last[0] > silentMs) this.points.push([new Date(+last[0] + 1), ...values.map(() => null)]);
    this.points.push([at, ...values]);
  }

  forget(before) {
    while (this.points.length && this.points[0][0] < before) this.points.shift();
  }
}

// What the journal has of the run, as points of the chart `what`.
function pastOf(run, what) {
  const primary = (side) => run.nodes.find((node) => node.side === side && node.is_primary);
  const sources = what === BOTH_LINKS ? [[primary("new"), 0], [primary("old"), 1]]
    : [[run.nodes.find((node) => node.node === what.title), null]];
  const byTime = new Map();
  for (const [node, line] of sources)
    node?.at_us.forEach((at, i) => {
      const values = byTime.get(at) ?? what.lines.map(() => null);
      if (line !== null) values[line] = node.apply_ms[i];
      else {
        values[0] = node.receive_ms[i];
        values[node.side === "old" ? 2 : 1] = node.apply_ms[i]; // behind the other side's primary
      }
      byTime.set(at, values);
    });
  return [...byTime].sort(([a], [b]) => a - b).map(([at, values]) => [new Date(at / 1000), ...values]);
}

export class LagChart {
  constructor(element, askForRun) {
    this.askForRun = askForRun;
    this.all = new Map([[BOTH_LINKS.title, new Series(BOTH_LINKS)]]);
    this.shown = this.all.get(BOTH_LINKS.title);
    this.past = [];
    this.spanS = 60;
    this.isZoomed = false;
    this.isDue = false;
    this.isLookDue = false;
    this.graph = new Dygraph(element, [[new Date(), null, null]], {
      ...this.look(),
      strokeWidth: 2,
      ylabel: "ms",
      includeZero: true,
      yRangePad: 4, // a lag of 0 is a line, and not the axis
      axes: { x: { axisLabelWidth: 70 } },
      highlightCallback: (event, x) => this.tell(x),
      unhighlightCallback: () => { byId("lag-at").textContent = ""; },
      labelsUTC: true,
      connectSeparatedPoints: false,
      gridLineColor: "rgba(128,128,128,.25)",
      zoomCallback: () => { this.isZoomed = this.graph.isZoomed("x"); },
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.isLookDue = true; });
    byId("lag-of").addEventListener("change", (event) => this.choose(event.target.value));
  }

  look() {
    const style = getComputedStyle(document.documentElement);
    return {
      labels: ["time", ...this.shown.what.lines],
      colors: this.shown.what.colors.map((name) => style.getPropertyValue(name).trim()),
    };
  }

  data() {
    if (!this.past.length) return this.shown.points;
    const first = this.shown.points[0]?.[0] ?? Infinity;
    const whole = new Series(this.shown.what);
    for (const [at, ...values] of this.past) if (at < first) whole.add(at, values, SAMPLED_MS);
    for (const [at, ...values] of this.shown.points) whole.add(at, values, SAMPLED_MS);
    return whole.points;
  }

  tell(x) {
    const point = this.data().findLast((one) => +one[0] <= x);
    if (!point) return;
    const [at, ...values] = point;
    const texts = values.map((value, i) => `${this.shown.what.lines[i]} ${words.lag(value)}`);
    byId("lag-at").textContent = `${words.clock(at)} UTC: ${texts.join(", ")}`;
  }

  // The past of both links, asked for once after each connection.
  load(history) {
    const links = this.all.get(BOTH_LINKS.title);
    links.points = history.at_us.map((at, i) => [new Date(at / 1000), history.forward[i], history.reverse[i]]);
    this.later();
  }

  add(page) {
    const at = new Date(page.at_us / 1000);
    for (const node of page.nodes)
      if (!this.all.has(node.node)) {
        this.all.set(node.node, new Series(ofNode(node.node)));
        byId("lag-of").append(make("option", {}, node.node));
      }
    for (const series of this.all.values()) {
      series.add(at, series.what.of(page));
      series.forget(at - KEPT_S * 1000);
    }
    this.later();
  }

  async choose(name) {
    this.shown = this.all.get(name) ?? this.all.get(BOTH_LINKS.title);
    this.past = [];
    this.isLookDue = true;
    const { lines, colors } = this.shown.what;
    byId("lag-lines").replaceChildren(
      ...lines.map((line, i) => make("span", {}, make("i", { class: `key ${colors[i].slice(2)}` }), line)));
    await this.show(this.spanS);
  }

  // spanS 0: all of the run
  async show(spanS) {
    this.spanS = spanS;
    this.isZoomed = false;
    this.past = spanS ? [] : pastOf(await this.askForRun(), this.shown.what);
    this.later();
  }

  // As often as the screen is drawn, and not at all while nobody looks.
  later() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      const data = this.data();
      if (!data.length) return;
      const end = +data.at(-1)[0];
      const options = this.isLookDue ? { ...this.look(), file: data } : { file: data };
      this.isLookDue = false;
      if (!this.isZoomed) options.dateWindow = [this.spanS ? end - this.spanS * 1000 : +data[0][0], end];
      this.graph.updateOptions(options);
    });
  }
}
