// The status page of a client. It keeps the token of the link in this tab only, and sends it with each request.

const STORED = "postern-token";
/** Milliseconds between two requests for the status, and before the next attempt after a failure. */
const INTERVAL = 2_000;
const MAX_REQUESTS = 200;
const MAX_EVENTS = 100;
/** Frequent or uninteresting: they have lines of their own, or none. */
const NOT_LISTED = new Set(["http_request", "pong", "connection_success", "authentication_success"]);

const id = (name) => document.getElementById(name);
const pause = () => new Promise((resolve) => setTimeout(resolve, INTERVAL));

let token = "";
/** Increases with each new token, so that the loops of the former one end. */
let round = 0;

/** Takes the token out of the link, so that it is neither in the address bar nor in the history. */
function begin() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, "", location.pathname);
  }
  token = sessionStorage.getItem(STORED) ?? "";
  round += 1;
  clear();
  if (token === "") return lock();
  void watchStatus(round);
  void followEvents(round);
}

function lock() {
  round += 1;
  sessionStorage.removeItem(STORED);
  id("locked").hidden = false;
  id("unlocked").hidden = true;
  show("no token", "bad");
}

function unlock() {
  id("locked").hidden = true;
  id("unlocked").hidden = false;
}

function clear() {
  for (const list of ["endpoints", "requests", "events"]) id(list).replaceChildren();
}

function show(text, kind) {
  set(id("state"), text);
  id("state").className = `pill ${kind}`;
}

/** Requests `path` with the token. Undefined: it was refused, and the page is locked unless it has another token. */
async function ask(mine, path, fields = {}) {
  const response = await fetch(path, { headers: { ...fields, Authorization: `Bearer ${token}` }, cache: "no-store" });
  if (response.status === 401) return mine === round ? lock() : undefined;
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response;
}

async function watchStatus(mine) {
  while (mine === round) {
    try {
      const response = await ask(mine, "/api/status");
      if (response === undefined) return;
      const status = await response.json();
      if (mine !== round) return;
      unlock();
      show(status.healthy ? "healthy" : "not healthy", status.healthy ? "good" : "bad");
      id("unlocked").classList.remove("stale");
      showEndpoints(status.endpoints);
    } catch {
      if (mine !== round) return;
      show("client not reachable", "bad");
      id("unlocked").classList.add("stale");
    }
    await pause();
  }
}

/** Reads the stream of events. EventSource cannot send the token. */
async function followEvents(mine) {
  let last = "";
  while (mine === round) {
    try {
      const from = last === "" ? "?since=1970-01-01" : "";
      const fields = { Accept: "text/event-stream", ...(last === "" ? {} : { "Last-Event-ID": last }) };
      const response = await ask(mine, `/api/events${from}`, fields);
      if (response === undefined) return;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (mine !== round) return void reader.cancel();
        if (done) break;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) last = showBlock(block) ?? last;
      }
    } catch {
      // The status shows that the client is not reachable.
    }
    await pause();
  }
}

/** Shows one block of the stream. Returns its id. */
function showBlock(block) {
  const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
  const data = fields.get("data");
  if (data === undefined) return undefined;
  const value = JSON.parse(data);
  if (fields.get("event") === "lost")
    listEvent({ time: new Date().toISOString(), message: `${value.lost} events missed`, data: {} });
  else if (value.type === "http_request" && value.data.omitted === undefined) listRequest(value);
  else if (value.type === "http_request") listEvent({ ...value, message: `${value.data.omitted} more requests` });
  else if (!NOT_LISTED.has(value.type)) listEvent(value);
  return fields.get("id");
}

// Endpoints

function showEndpoints(endpoints) {
  const shown = new Map([...id("endpoints").children].map((section) => [section.dataset.endpoint, section]));
  const sections = endpoints.map((endpoint) => {
    const section = shown.get(endpoint.endpoint) ?? newEndpoint(endpoint.endpoint);
    showEndpoint((name) => section.querySelector(`[data-${name}]`), endpoint);
    return section;
  });
  const present = [...id("endpoints").children];
  if (sections.length !== present.length || sections.some((section, at) => section !== present[at]))
    id("endpoints").replaceChildren(...sections);
}

function newEndpoint(name) {
  const section = id("endpoint").content.firstElementChild.cloneNode(true);
  section.dataset.endpoint = name;
  return section;
}

function showEndpoint(part, { endpoint, state, public_url: url, access, health, metrics, config_summary: config }) {
  const isUp = state === "connected";
  set(part("name"), endpoint);
  set(part("state"), state);
  part("state").className = `pill ${isUp ? "good" : state === "failed" || state === "disconnected" ? "bad" : ""}`;
  showLink(part("url"), url);
  const isDown = health.local === "failing";
  set(part("local"), `${config.local.replace(/^:?(\d+)$/, "localhost:$1")}${isDown ? " is down" : ""}`);
  part("local").className = isDown ? "bad" : "";
  set(part("access"), Object.values(access).join(", ") || "everyone");
  set(part("health"), `${health.score} of 100`);
  part("health").className = health.score >= 80 ? "good" : health.score >= 40 ? "warn" : "bad";
  set(part("uptime"), isUp ? age(health.uptime_seconds) : "no");
  set(part("requests"), `${metrics.http_requests} (${metrics.requests_per_minute} in the last minute)`);
  const { p50_ms: median, p95_ms: slow } = metrics.response_times;
  set(part("times"), median === null ? "–" : `median ${duration(median)}, p95 ${duration(slow)}`);
  set(part("ping"), health.avg_ping_latency_ms === null ? "–" : duration(health.avg_ping_latency_ms));
  const problem = problemOf(state, health);
  part("problem").hidden = problem === "";
  set(part("problem"), problem);
}

function problemOf(state, { data_plane: dataPlane, local, last_error: error }) {
  if (state !== "connected" || local === "failing") return error === null ? "" : `${error.message} (${error.code})`;
  return dataPlane === "failing" ? "Connected, but the end-to-end check fails: visitors may get errors." : "";
}

/** The address comes from the server, so only an http or https URL becomes a link. */
function showLink(link, url) {
  set(link, url ?? "no public URL yet");
  if (url !== null && /^https?:$/.test(URL.parse(url)?.protocol ?? "")) link.href = url;
  else link.removeAttribute("href");
}

// Requests and events

function listRequest({ time, endpoint, data }) {
  const item = document.createElement("li");
  const kind = data.status >= 500 || data.status === 0 ? "bad" : data.status >= 400 ? "warn" : "good";
  const end = data.ended === undefined || data.ended === "complete" ? "" : ` (${data.ended.replaceAll("_", " ")})`;
  const several = id("endpoints").children.length > 1;
  item.append(
    part("time", clock(data.started ?? time)),
    part("method", data.method),
    part("path", `${data.path}${end}`),
    part("where", several ? endpoint : ""),
    part(`status ${kind}`, String(data.status)),
    part("duration", duration(data.duration_ms)),
    part("size", size(data.bytes_out)),
  );
  prepend("requests", item, MAX_REQUESTS);
}

function listEvent({ time, endpoint, type, message, data }) {
  const item = document.createElement("li");
  const isError = (/failure|error|closed/.test(type) && data.code !== "PN_CLOSED") || data.local === "failing";
  const kind = isError ? "bad" : type === "reconnection" ? "warn" : "";
  const where = endpoint === undefined ? "" : `${endpoint}: `;
  item.append(part("time", clock(time)), part(kind, `${where}${message}`));
  prepend("events", item, MAX_EVENTS);
}

function prepend(list, item, max) {
  id(`no-${list}`).hidden = true;
  id(list).prepend(item);
  while (id(list).children.length > max) id(list).lastElementChild.remove();
}

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

// Text

/** Unchanged text is not replaced, so that a selection stays. */
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function clock(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleTimeString("en-GB");
}

function duration(milliseconds) {
  if (milliseconds < 0.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 119_500 ? `${(milliseconds / 1_000).toFixed(1)} s` : `${Math.round(milliseconds / 60_000)} min`;
}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1_000;
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function age(seconds) {
  if (seconds < 120) return `for ${seconds} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `for ${Math.trunc(minutes)} min`;
  return minutes < 2_880 ? `for ${Math.trunc(minutes / 60)} h` : `for ${Math.trunc(minutes / 1_440)} d`;
}

addEventListener("hashchange", begin);
begin();
