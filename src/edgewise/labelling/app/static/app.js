// One decision a screen. Names of files, classes and cells reach the page as text, never as HTML.
import { Outbox, newId } from "./outbox.js";
import { showCard, showCounts, showKeys, showStanding, showWhy } from "./show.js";

const AHEAD = 6;
const at = (id) => document.getElementById(id);
const seen = new Map(); // items by key, for undo without asking
const pictures = new Map();
const answered = new Map(); // when each item's verdict was saved; a lease asked for before may still name it

let about = null;
let queue = [];
let shown = null;
let since = 0;
let history = [];
let busy = false;
let leasing = null;
let progressWanted = false;
let progressAsked = false;

const outbox = new Outbox((unsaved, problem) => {
  at("unsaved").hidden = !unsaved;
  at("unsaved").textContent = unsaved ? `${unsaved} unsaved: ${problem}` : "";
  if (!unsaved) refill();
});

async function session() {
  let own = sessionStorage.getItem("edgewise:session") ?? newId();
  if (navigator.locks) {
    // A duplicated tab begins with the session of the first; it takes another.
    const free = (name) =>
      new Promise((said) => {
        navigator.locks.request(name, { ifAvailable: true }, (lock) => {
          said(Boolean(lock));
          return lock ? new Promise(() => {}) : undefined;
        });
      });
    if (!(await free(`edgewise:${own}`))) {
      own = newId();
      await free(`edgewise:${own}`);
    }
  }
  sessionStorage.setItem("edgewise:session", own);
  return own;
}

async function asked(path, body) {
  const answer = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: body ? { "content-type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
    signal: AbortSignal.timeout(20000),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `status ${answer.status}`);
  return answer.json();
}

function person() {
  return at("person").value.trim() || "me";
}

async function refill() {
  if (!about || leasing || queue.length >= AHEAD / 2) return leasing;
  leasing = lease().finally(() => {
    leasing = null;
  });
  return leasing;
}

async function lease() {
  const began = performance.now();
  try {
    const wanted = { session: about.session, person: person(), n: AHEAD };
    const { items } = await asked("/api/lease", wanted);
    const waiting = new Set(outbox.waiting().map((event) => event.body.item));
    const there = new Set([shown?.item, ...queue.map((one) => one.item)]);
    for (const item of items) {
      if (there.has(item.item) || waiting.has(item.item) || answered.get(item.item) > began) continue;
      queue.push(item);
      seen.set(item.item, item);
      if (item.picture) preload(item);
    }
    at("message").textContent = "";
    if (!shown) next(items.length === 0 && !waiting.size);
  } catch (error) {
    if (!shown) {
      at("message").textContent = `No items yet: ${error.message}. Trying again.`;
    }
    setTimeout(refill, 2000);
  }
}

function preload(item) {
  const image = new Image();
  image.src = item.picture;
  pictures.set(item.item, image);
}

function next(finished = false) {
  show(queue.shift() ?? null, finished);
  refill();
}

function show(item, finished = false) {
  shown = item;
  since = performance.now();
  for (const button of document.querySelectorAll("#classes button, #unsure, #skip")) button.disabled = !item;
  at("undo").disabled = history.length === 0;
  at("guess").textContent = "";
  at("ask").setAttribute("aria-expanded", "false");
  at("frame").setAttribute("aria-pressed", "false");
  showCard(item, finished);
  showWhy(item);
}

// The next item comes when the verdict is on the server's disk; without a connection, when it is in the browser's.
async function answer(verdict, label = "") {
  if (!shown || busy) return;
  busy = true;
  const item = shown;
  const offline = outbox.waiting().length > 0;
  const seconds = Math.round(performance.now() - since) / 1000;
  const body = { person: person(), session: about.session, item: item.item, verdict, seconds };
  const event = outbox.add({ ...body, at: new Date().toISOString(), ...(label ? { label } : {}) });
  history.unshift({ event, item: item.item, name: item.name, verdict, label });
  const sent = outbox.flush();
  if (!offline) await sent;
  answered.set(item.item, performance.now());
  busy = false;
  next();
  const said = label || (verdict === "skip" ? "skipped" : "cannot tell");
  at("spoken").textContent = `${item.name}: ${said}. ${shown ? `Next: ${shown.name}` : ""}`;
  progress();
}

async function undo() {
  if (busy || !history.length) return;
  busy = true;
  const last = history.shift();
  try {
    const item = seen.get(last.item) ?? (await asked(`/api/items/${last.item}`));
    seen.set(item.item, item);
    const body = { person: person(), session: about.session, item: last.item, verdict: "undo" };
    const offline = outbox.waiting().length > 0;
    outbox.add({ ...body, undoes: last.event, at: new Date().toISOString() });
    const sent = outbox.flush();
    if (!offline) await sent;
    if (shown && shown.item !== item.item) queue.unshift(shown);
    queue = queue.filter((one) => one.item !== item.item);
    answered.delete(item.item);
    show(item);
    at("spoken").textContent = `Taken back: ${last.label || last.verdict} of ${last.name}.`;
  } catch (error) {
    history.unshift(last);
    at("message").textContent = `Cannot undo now: ${error.message}.`;
  }
  busy = false;
  progress();
}

function guess() {
  const there = at("guess").textContent !== "";
  at("ask").setAttribute("aria-expanded", String(!there));
  if (there || !shown) {
    at("guess").textContent = "";
    return;
  }
  const { predicted, chance } = shown.guess;
  at("guess").textContent =
    predicted === null || predicted === undefined
      ? "There was no model yet when this item was chosen."
      : `${predicted}${chance === null ? "" : `, ${Math.round(100 * chance)} %`}`;
}

function zoom() {
  const frame = at("frame");
  if (!frame.hidden) frame.setAttribute("aria-pressed", String(frame.getAttribute("aria-pressed") !== "true"));
}

// One question at a time: of two answers the older could come last.
async function progress() {
  progressWanted = true;
  if (progressAsked) return;
  progressAsked = true;
  while (progressWanted) {
    progressWanted = false;
    try {
      const found = await asked("/api/progress");
      showCounts(found);
      showStanding(found.standing);
    } catch {
      // The line about unsaved verdicts says that there is no connection.
    }
  }
  progressAsked = false;
}

async function loadHistory() {
  const { votes } = await asked(`/api/history?person=${encodeURIComponent(person())}`);
  const waiting = outbox.waiting();
  const undone = new Set(waiting.map((event) => event.body.undoes));
  const own = waiting
    .filter((event) => event.body.verdict !== "undo" && !undone.has(event.id))
    .map((event) => ({ event: event.id, name: "", ...event.body }))
    .reverse();
  const known = new Set(own.map((vote) => vote.event));
  history = [...own, ...votes.filter((vote) => !undone.has(vote.event) && !known.has(vote.event))];
  at("undo").disabled = history.length === 0;
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.tagName === "INPUT") return;
  const key = event.key.toLowerCase();
  const acts = { s: () => answer("skip"), t: () => answer("unsure"), u: undo, backspace: undo, g: guess, z: zoom };
  acts["?"] = () => at("help").toggleAttribute("open");
  const act = key in about.keys ? () => answer("label", about.keys[key]) : acts[key];
  if (!act) return;
  event.preventDefault();
  act();
}

async function start() {
  at("person").value = localStorage.getItem("edgewise:person") ?? "me";
  try {
    about = { ...(await asked("/api/campaign")), session: await session() };
  } catch (error) {
    at("message").textContent = `The server does not answer (${error.message}). Trying again.`;
    setTimeout(start, 2000);
    return;
  }
  at("pool").textContent = `${about.pool}, ${about.items.toLocaleString("en")} items`;
  showKeys(about, (label) => answer("label", label));
  at("skip").addEventListener("click", () => answer("skip"));
  at("unsure").addEventListener("click", () => answer("unsure"));
  at("undo").addEventListener("click", undo);
  at("ask").addEventListener("click", guess);
  at("frame").addEventListener("click", zoom);
  at("person").addEventListener("change", () => {
    localStorage.setItem("edgewise:person", person());
    loadHistory().catch(() => {});
  });
  document.addEventListener("keydown", pressed);
  setInterval(progress, 15000);
  await outbox.flush();
  await loadHistory().catch(() => {});
  await progress();
  await refill();
}

start();
