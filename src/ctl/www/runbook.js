// SPDX-License-Identifier: MIT
// The run: its steps with how long they took, and what is done right now.
import { byId, make, say } from "./dom.js";
import * as words from "./words.js";

const SIGNS = { pending: "·", intent: "▶", done: "✓", failed: "✗", undo: "↶", undone: "↶" };
const STATES = { pending: "still to do", intent: "under way", done: "done", failed: "failed", undo: "being undone", undone: "undone" };

function part(step) {
  const took = step.state === "pending" || step.state === "intent" ? "" : words.lag(step.duration_ms);
  const before = step.last_drill_ms === undefined || step.last_drill_ms === null ? "" : ` (drill ${words.lag(step.last_drill_ms)})`;
  const title = make("span", {}, `${step.id} ${step.title}${step.commits ? " — from here on only forward, or a rollback" : ""}`);
  if (step.error) title.append(make("div", { class: "bad" }, step.error));
  return make("li", { "data-state": step.state, "data-id": step.id },
    make("span", { "aria-label": STATES[step.state] ?? step.state, role: "img" }, SIGNS[step.state] ?? "?"), title,
    make("span", { class: "took" }, took + before));
}

function grouped(steps) {
  const groups = [];
  for (const step of steps) {
    if (groups.at(-1)?.name !== step.step) groups.push({ name: step.step, parts: [] });
    groups.at(-1).parts.push(step);
  }
  return groups.map((group) => make("li", {}, make("b", {}, group.name), make("ol", {}, ...group.parts.map(part))));
}

function showNow(now) {
  byId("now-part").hidden = !now;
  if (!now) return;
  byId("statements").replaceChildren(
    make("p", {}, `${now.id} ${now.step}/${now.part}: ${now.title}`),
    ...now.statements.map((statement) =>
      make("pre", {}, `${statement.is_undo ? "to undo it  " : ""}${statement.node ? `${statement.node}: ` : ""}${statement.text}`)));
}

function showEmergency(emergency) {
  const place = byId("emergency");
  place.hidden = !emergency;
  if (!emergency) return;
  place.querySelector("code").textContent = emergency.command;
  place.querySelector("small").textContent = emergency.why;
}

export function listenForCopy() {
  const place = byId("emergency");
  const button = place.querySelector("button");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

let lastSeen = null; // the part that was last brought into sight: whoever scrolls away from it is left alone

function bringIntoSight(current) {
  const id = current?.dataset.id ?? null;
  if (current && id !== lastSeen) {
    const above = current.previousElementSibling?.previousElementSibling ?? current.previousElementSibling ?? current.closest("#steps > li");
    byId("steps").scrollTop = above.offsetTop - byId("steps").offsetTop;
  }
  lastSeen = id;
}

export function showRun(page) {
  showNow(page.now);
  showEmergency(page.emergency);
  if (!page.run) {
    say("run-about", page.error ? `The journal cannot be read: ${page.error}` : "Nothing was ever run from here.");
    byId("steps").replaceChildren();
    return;
  }
  const done = page.steps.filter((step) => step.state === "done").length;
  say("run-about", `${page.playbook}, run ${page.run}, ${page.state}: ${done} of ${page.steps.length} parts done, by ${page.holder}` +
    (page.write_pause_ms >= 0 ? `; writes were refused for ${words.lag(page.write_pause_ms)}` : ""));
  byId("steps").replaceChildren(...grouped(page.steps));
  bringIntoSight(byId("steps").querySelector("[data-state=intent], [data-state=failed]"));
}
