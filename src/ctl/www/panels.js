// SPDX-License-Identifier: MIT
// The facts of now: the sentence on top, nodes, proof, names, the way back, and what happened.
import { byId, fill, make, mark, say } from "./dom.js";
import * as words from "./words.js";

const EVENTS_KEPT = 300;

const yesNo = (value, good) => mark(value === null ? "doubt" : value ? "good" : "bad", value === null ? "unknown" : good[value ? 0 : 1]);

const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));

export function showHeadline(state) {
  byId("headline").dataset.tone = state.headline.tone;
  say("service", state.service);
  say("situation", state.situation);
  say("now", state.headline.now);
  say("next", state.headline.next ? `Next: ${state.headline.next}` : "");
  say("writers", state.headline.writers);
  say("back", state.going_back.is_possible === null ? "unknown" : state.going_back.is_possible ? `yes: ${state.going_back.command}`
    : `no${state.going_back.why ? `: ${state.going_back.why}` : ""}`);
  document.title = `${state.service}: ${state.situation}`;
}

export function showNodes(state) {
  const behind = new Map(state.links.map((link) => [link.to, link]));
  fill("nodes", state.nodes.map((node) => {
    const link = behind.get(node.node);
    return [node.node, `${words.sideTitle(node.side)} ${node.role}`,
      node.is_reached ? (node.is_open && node.is_held ? "held" : words.writes(node.is_open)) : mark("bad", "does not answer"),
      node.is_reached ? node.version.replace(/[-+].*/, "") : node.error,
      link && link.exists ? words.lag(link.lag_ms) : "–"];
  }));
}

// A file that closes a primary whenever it starts: wanted where it is closed, left behind where it is open.
export function showHeldFiles(state) {
  const isOpen = (side) => state.nodes.find((node) => node.side === side && node.role === "primary")?.is_open;
  const rows = state.held_files.flatMap((file) => {
    const side = words.sideTitle(file.side);
    if (file.is_there === null)
      return file.error ? [mark("doubt", `? not known whether there is ${file.where}: ${file.error}`)] : [];
    if (!file.is_there) return [];
    return [isOpen(file.side) ? mark("bad", `✗ left behind: ${side} is open, and a restart would close it; delete ${file.where}`)
      : mark(isOpen(file.side) === false ? "good" : "doubt", `${side} comes back closed from a restart: ${file.where}`)];
  });
  const list = byId("held-files");
  if (list.textContent !== rows.map((row) => row.textContent).join("")) list.replaceChildren(...rows.map((row) => make("li", {}, row)));
  list.hidden = !rows.length;
}

export function showProof(state) {
  const sum = state.verification;
  const proof = state.proof;
  const facts = [];
  if (!sum) {
    facts.push(fact("Compared", mark("doubt", "nothing yet")));
  } else {
    facts.push(fact("Tables the same", `${sum.tables_equal} of ${sum.tables}`), fact("Rows", words.count(sum.rows)),
      fact("Differences", mark(sum.differences ? "bad" : "good", words.count(sum.differences))),
      fact("Whole pass", yesNo(sum.is_complete, ["ended", "under way"])), fact("Age", words.lag(sum.age_ms)));
  }
  if (proof)
    facts.push(fact("Kept proven since", yesNo(proof.is_covering, ["yes", "no"])), fact("Rows to prove again", words.count(proof.rows_touched)),
      fact("Oldest of them", words.lag(proof.oldest_ms)));
  if (proof?.problem) facts.push(fact("Because", proof.problem));
  byId("proof").replaceChildren(...facts);
}

export function showWayBack(state) {
  say("back-text", state.going_back.text);
  const { ends } = state.going_back;
  byId("back-ends-about").hidden = !ends.length;
  byId("back-ends").replaceChildren(...ends.map((end) => {
    const kind = end.has_happened ? "bad" : end.is_near ? "doubt" : "good";
    return make("li", {}, mark(kind, end.has_happened ? "✗ it has: " : end.is_near ? "! soon: " : "✓ "), end.text);
  }));
}

export function showNames(page) {
  fill("records", page.dns.records.map((record) => [`${record.name} ${record.type}`, record.content || "–",
    record.points_to === "unknown" ? mark("doubt", "unknown") : words.sideTitle(record.points_to), `${record.ttl_s} s`]));
  fill("answers", page.dns.answers.map((answer) => [answer.server + (answer.is_authoritative ? "" : " (resolver)"), answer.name,
    answer.error ? mark("bad", answer.error) : answer.leads_to, answer.ttl_s ? `${answer.ttl_s} s` : "–"]));
}

export function addEvent(event) {
  const list = byId("events");
  list.prepend(make("li", {}, make("time", { datetime: new Date(event.at_us / 1000).toISOString() }, words.clock(event.at_us / 1000)),
    make("span", { class: "name" }, event.name), make("span", {}, event.detail.text ?? event.detail.error ?? event.detail.part ?? "")));
  while (list.children.length > EVENTS_KEPT) list.lastElementChild.remove();
}
