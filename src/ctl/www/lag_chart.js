// SPDX-License-Identifier: MIT
// Lag of both links over time. A value that is not known is a gap.
/* global Dygraph */
import { byId } from "./dom.js";
import * as words from "./words.js";

const KEPT_S = 3600;

// It measures itself with a style attribute, which the page's policy forbids; the numbers stand beside the chart anyway.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const colors = () => {
  const style = getComputedStyle(document.documentElement);
  return [style.getPropertyValue("--forward").trim(), style.getPropertyValue("--reverse").trim()];
};

export class LagChart {
  constructor(element) {
    this.points = [[new Date(), null, null]];
    this.spanS = 60;
    this.isZoomed = false;
    this.isDue = false;
    this.graph = new Dygraph(element, this.points, {
      labels: ["time", "OLD → NEW", "NEW → OLD"],
      colors: colors(),
      strokeWidth: 2,
      ylabel: "ms",
      includeZero: true,
      axes: { x: { axisLabelWidth: 70 } },
      highlightCallback: (event, x, points, row) => this.tell(row),
      unhighlightCallback: () => { byId("lag-at").textContent = ""; },
      labelsUTC: true,
      connectSeparatedPoints: false,
      gridLineColor: "rgba(128,128,128,.25)",
      zoomCallback: () => { this.isZoomed = this.graph.isZoomed("x"); },
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.graph.updateOptions({ colors: colors() }));
  }

  tell(row) {
    const [at, forward, reverse] = this.points[row] ?? [];
    if (at) byId("lag-at").textContent = `${words.clock(at)} UTC: OLD → NEW ${words.lag(forward)}, NEW → OLD ${words.lag(reverse)}`;
  }

  // The past, asked for once after each connection.
  load(history) {
    this.points = history.at_us.map((at, i) => [new Date(at / 1000), history.forward[i], history.reverse[i]]);
    this.later();
  }

  add(page) {
    const at = new Date(page.at_us / 1000);
    const last = this.points.at(-1);
    if (last && at - last[0] > 2000) this.points.push([new Date(+last[0] + 1), null, null]); // nothing was heard in between
    this.points.push([at, page.links.forward.lag_ms, page.links.reverse.lag_ms]);
    const oldest = at - KEPT_S * 1000;
    while (this.points.length && this.points[0][0] < oldest) this.points.shift();
    this.later();
  }

  show(spanS) {
    this.spanS = spanS;
    this.isZoomed = false;
    this.later();
  }

  // As often as the screen is drawn, and not at all while nobody looks.
  later() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      if (!this.points.length) return;
      const end = +this.points.at(-1)[0];
      const options = { file: this.points };
      if (!this.isZoomed) options.dateWindow = [end - this.spanS * 1000, end];
      this.graph.updateOptions(options);
    });
  }
}
