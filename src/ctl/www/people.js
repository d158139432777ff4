// SPDX-License-Identifier: MIT
// What waits for a person, and what may be asked of the run. All words of what follows come from the server.
import { byId, draw, make, mark, say } from "./dom.js";
import * as words from "./words.js";

const UNSEEN_S = 5;
const SHOWN = 6; // requests, the newest

let who = { role: "watch", has_tokens: false };
let people = null;
const buttons = new Map();

// Opened while it waits, folded once it has opened; whoever folds it otherwise is not overruled.
function showGate(gate) {
  const part = byId("gate-part");
  part.hidden = !gate;
  if (!gate) return;
  const phase = `${gate.id} ${gate.is_over}`;
  if (part.dataset.phase !== phase) part.open = !gate.is_over;
  part.dataset.phase = phase;
  const met = gate.requirements.filter((row) => row.is_met).length;
  say("gate-about", gate.is_over ? `What the gate of step ${gate.step} saw when it opened, ${words.clock(gate.at_us / 1000)} UTC`
    : `The gate of step ${gate.step}: ${met} of ${gate.requirements.length} met`);
  byId("gate").replaceChildren(...gate.requirements.map((row) =>
    make("li", {}, mark(row.is_met ? "good" : "bad", row.is_met ? "✓ " : "✗ "), `${row.text}: `, row.live)),
  ...gate.blockers.map(blockerRow));
}

// Thread 0: no session stands behind it.
function blockerRow(row) {
  const who = row.thread ? ` thread ${row.thread}, ${row.user}@${row.host}, for ${words.lag(row.age_s * 1000)}` : "";
  return make("li", { class: "blocker" }, mark("bad", "in the way: "), `${row.node}${who}: `, make("code", {}, row.query));
}

// Who still comes to the side that was left: how many over time, and from where.
function showChases(chases) {
  byId("chases").hidden = !chases;
  if (!chases) return;
  say("chases-about", `${chases.sessions} session${chases.sessions === 1 ? "" : "s"} still on ${words.sideTitle(chases.side)}; ` +
    `last write there ${words.lag(chases.quiet_ms)} ago`);
  const times = chases.curve.map(([at]) => at);
  const [first, last] = [times[0], times.at(-1)];
  const most = Math.max(1, ...chases.curve.map(([, sessions]) => sessions));
  const points = chases.curve.map(([at, sessions]) =>
    `${last > first ? (300 * (at - first)) / (last - first) : 300},${56 - (52 * sessions) / most}`);
  byId("chases-curve").replaceChildren(draw("polyline", { points: points.join(" "), class: "curve" }));
  byId("chases-hosts").replaceChildren(...chases.hosts.map((row) =>
    make("li", {}, `${row.user}@${row.host}: ${row.sessions}`)));
}

function showWaits(waits, held) {
  const names = waits?.approved.map((by) => by.who).join(", ");
  const text = waits ? `Waits for a yes: ${waits.question} ${waits.approved.length} of ${waits.people}${names ? `: ${names}` : ""}` : "";
  say("waits", held ? `Held by ${held.who} before step ${held.step}. ${text}` : text);
  byId("waits").hidden = !waits && !held;
}

function requestRow(request) {
  const isUnseen = request.state === "asked" && Date.now() * 1000 - request.asked_us > UNSEEN_S * 1e6;
  const state = isUnseen ? "not looked at by the run yet: is its controller alive?" : request.state;
  return make("li", {}, `${words.clock(request.asked_us / 1000)} ${request.who} (${request.via}): ${request.what} ${request.step} `,
    mark(request.state === "refused" || isUnseen ? "doubt" : "good", state), request.answer ? `: ${request.answer}` : "");
}

function open(what) {
  const offer = people?.offers.find((row) => row.what === what);
  if (!offer?.is_possible) return;
  const dialog = byId("asking");
  dialog.dataset.body = JSON.stringify({ what, run: people.run, step: offer.step });
  say("asking-title", offer.step ? `${offer.title}: ${offer.step}` : offer.title);
  say("asking-follows", offer.follows);
  say("asking-yes", offer.title);
  say("asking-error", "");
  dialog.showModal();
}

async function send() {
  const answer = await fetch("/api/requests", {
    method: "POST", body: byId("asking").dataset.body, headers: { "Content-Type": "application/json", "X-Cutover": "page" },
  }).catch(() => null);
  if (answer?.ok) byId("asking").close();
  else say("asking-error", answer ? (await answer.json()).error : "no answer: it is not known whether this was asked");
}

// A button is there only for somebody who may, and only while it would do something.
function showButtons(offers) {
  if (who.role !== "operate") return;
  for (const offer of offers) {
    if (!buttons.has(offer.what)) {
      const button = make("button", { type: "button", "data-what": offer.what }, offer.title);
      button.addEventListener("click", () => open(offer.what));
      buttons.set(offer.what, button);
      byId("acts").append(button);
    }
    buttons.get(offer.what).hidden = !offer.is_possible;
  }
}

function showReason(offers) {
  const typed = offers.filter((offer) => offer.command && !offer.command.includes(" ask ")).map((offer) => offer.command);
  if (typed.length) say("acts-about", `No run goes on. To act, type: ${typed.join("  or  ")}`);
  else if (!who.has_tokens) say("acts-about", "Nobody may act on this page: without a file of tokens (serve.tokens) it is not known who asks.");
  else say("acts-about", who.role === "operate" ? "" : "You may watch; to act takes a token with the role operate.");
}

export function showPeople(page) {
  people = page;
  byId("people").hidden = !page;
  if (!page) return;
  showGate(page.gate);
  showChases(page.chases);
  showWaits(page.waits, page.held);
  showButtons(page.offers);
  showReason(page.offers);
  byId("requests").replaceChildren(...page.requests.slice(0, SHOWN).map(requestRow));
}

export function actAs(identity) {
  who = identity;
  for (const button of buttons.values()) button.remove();
  buttons.clear();
  if (people) showPeople(people);
}

byId("asking-yes").addEventListener("click", send);
byId("asking-no").addEventListener("click", () => byId("asking").close());
