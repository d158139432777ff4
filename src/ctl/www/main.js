// SPDX-License-Identifier: MIT
// The stream of events, and who shows what of it.
import { byId, say } from "./dom.js";
import { LagChart } from "./lag_chart.js";
import { drawMap } from "./map.js";
import { addEvent, showHeadline, showHeldFiles, showNames, showNodes, showProof, showWayBack } from "./panels.js";
import { actAs, showPeople } from "./people.js";
import { listenForCopy, showRun } from "./runbook.js";
import * as words from "./words.js";

const OLD_FACTS_S = 10; // a server that hangs holds up the slower questions, not the lag of the others
const SILENT_MS = 3000; // without a word for so long nothing on the screen is called true

let chart;
let pointsTo = null;
let factsAt = null;
let areFactsOld = false;
let heardAt = 0;

const get = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.json()).error ?? answer.statusText);
  return answer.json();
};

function connection(state, text) {
  byId("connection").dataset.state = state;
  say("connection", text);
  byId("board").classList.toggle("stale", state === "lost");
}

// Both primaries answer and neither is open: then the clock runs, for everybody from the same moment.
function showPause(lag) {
  const since = lag.nobody_writes_since_us;
  byId("pause").hidden = !since;
  if (since) byId("pause-clock").textContent = `${((lag.at_us - since) / 1e6).toFixed(1)} s`;
}

function showLag(lag) {
  byId("lag-forward").textContent = lag.links.forward.exists === false ? "no link" : words.lag(lag.links.forward.lag_ms);
  byId("lag-reverse").textContent = lag.links.reverse.exists === false ? "no link" : words.lag(lag.links.reverse.lag_ms);
  byId("writes-old").textContent = words.rate(lag.writes_per_s.old);
  byId("writes-new").textContent = words.rate(lag.writes_per_s.new);
  chart.add(lag);
  areFactsOld = factsAt !== null && lag.at_us - factsAt > OLD_FACTS_S * 1e6;
  showPause(lag);
  drawMap(lag, pointsTo);
}

function showState(state) {
  factsAt = state.at_us;
  pointsTo = state.dns.points_to;
  showHeadline(state);
  showNodes(state);
  showHeldFiles(state);
  showProof(state);
  showWayBack(state);
}

function showRunAndPeople(page) {
  showRun(page);
  showPeople(page.people ?? null);
}

const SHOWN_BY = { lag: showLag, state: showState, names: showNames, run: showRunAndPeople, journal: addEvent };

function listen() {
  const stream = new EventSource("/api/events");
  for (const [name, show] of Object.entries(SHOWN_BY))
    stream.addEventListener(name, (event) => {
      heardAt = Date.now();
      show(JSON.parse(event.data));
      if (areFactsOld) connection("lost", "the sentence and the facts are old: a server is slow to answer");
      else connection("live", "live");
    });
  stream.addEventListener("open", async () => chart.load(await get(`/api/lag/history?points=3000`)));
  stream.addEventListener("error", () => {
    connection("lost", "connection lost: what is shown is old");
    if (stream.readyState === EventSource.CLOSED) setTimeout(start, 2000);
  });
}

setInterval(() => {
  if (heardAt && Date.now() - heardAt > SILENT_MS) connection("lost", "nothing heard: what is shown is old");
}, 500);

function askForToken() {
  byId("login").hidden = false;
  byId("board").hidden = true;
  say("now", "Who is looking?");
  connection("", "not signed in");
  byId("token").focus();
}

async function logIn(event) {
  event.preventDefault();
  const answer = await fetch("/api/login", { method: "POST", body: byId("token").value });
  byId("token").value = "";
  if (!answer.ok) {
    say("login-error", (await answer.json()).error);
    return;
  }
  say("login-error", "");
  start();
}

async function start() {
  try {
    const who = await get("/api/whoami");
    actAs(who);
    if (who.role === "anybody") {
      askForToken();
      return;
    }
  } catch {
    connection("lost", "no answer: trying again");
    setTimeout(start, 2000);
    return;
  }
  byId("login").hidden = true;
  byId("board").hidden = false;
  chart ??= new LagChart(byId("lag-chart"), () => get("/api/run/lag?points=3000"));
  listen();
}

for (const button of document.querySelectorAll("[data-span]"))
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-span]")) other.setAttribute("aria-pressed", String(other === button));
    chart?.show(Number(button.dataset.span));
  });
byId("login").addEventListener("submit", logIn);
listenForCopy();
start();
