// The demo page's behaviour: a request, a clock and an echo, each shown as a light that travels along the path.

const id = (name) => document.getElementById(name);
const way = id("way");
const stops = ["visitor", "server", "client", "service"].map((name) =>
  way.querySelector(`[data-stop="${name}"] .badge`),
);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const MAX_LIGHTS = 12;
let lights = 0;

/** Moves a light to the service or back; resolves when it has arrived. */
async function travel(direction, colour, duration) {
  const path = direction === "in" ? stops : stops.toReversed();
  if (calm.matches || document.hidden) return glow(path.at(-1), colour);
  if (lights >= MAX_LIGHTS) return;
  lights += 1;
  const light = document.createElement("span");
  light.className = `light ${colour}`;
  way.append(light);
  const origin = way.getBoundingClientRect();
  const points = path.map((stop) => {
    const box = stop.getBoundingClientRect();
    return { x: box.left + box.width / 2 - origin.left, y: box.top + box.height / 2 - origin.top };
  });
  const frames = points.map(({ x, y }) => ({ transform: `translate(${x}px, ${y}px)` }));
  path.forEach((stop, index) => setTimeout(glow, (duration * index) / (path.length - 1), stop, colour));
  try {
    await light.animate(frames, { duration, easing: "linear" }).finished;
  } finally {
    light.remove();
    lights -= 1;
  }
}

function glow(stop, colour) {
  stop.animate([{}, { boxShadow: `0 0 0 6px var(--${colour}-halo)`, borderColor: `var(--${colour})` }, {}], 500);
}

// One request

const times = [];

async function ask() {
  const button = id("ask");
  button.disabled = true;
  const started = performance.now();
  try {
    const response = await fetch(`/ping?${times.length}`, {
      headers: { accept: "application/json" },
      cache: "no-store",
    });
    await response.text();
    const took = performance.now() - started;
    times.push(took);
    id("asked").replaceChildren(strong(`${took.toFixed(1)} ms`), ` round trip, status ${response.status}`);
    drawTimes();
    await travel("in", "lamp", 700);
    await travel("out", "lamp", 700);
  } catch {
    id("asked").textContent = "No response. Is the demo still running?";
  } finally {
    button.disabled = false;
  }
}

function drawTimes() {
  const shown = times.slice(-20);
  const most = Math.max(...shown);
  id("bars").replaceChildren(
    ...shown.map((time, index) => {
      const height = Math.max(2, (time / most) * 30);
      return svg("rect", { x: (20 - shown.length + index) * 8 + 1, y: 32 - height, width: 6, height, rx: 1.5 });
    }),
  );
}

function strong(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
}

function svg(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

id("ask").addEventListener("click", () => void ask());

// The clock

const marks = Array.from({ length: 60 }, (_, second) => {
  const long = second % 5 === 0;
  return svg("line", { x1: 100, x2: 100, y1: 8, y2: long ? 22 : 17, transform: `rotate(${second * 6} 100 100)` });
});
id("dial").append(...marks);

const pill = id("live");
let ticks = 0;

function live(text, good) {
  pill.textContent = text;
  pill.classList.toggle("good", good);
}

const clock = new EventSource("/clock");
clock.addEventListener("open", () => live("live", true));
clock.addEventListener("error", () => live("reconnecting", false));
clock.addEventListener("tick", (event) => {
  const time = new Date(event.data);
  const now = time.getSeconds();
  ticks += 1;
  id("time").textContent = time.toLocaleTimeString(undefined, { hour12: false });
  id("ticks").textContent = ticks === 1 ? "1 tick so far" : `${ticks} ticks so far`;
  marks.forEach((mark, second) => {
    mark.classList.toggle("past", second <= now);
    mark.classList.toggle("now", second === now);
  });
  void travel("out", "clock", 1100);
});

// The echo

const words = id("words");
const echoes = id("echoes");
const sent = [];
let socket;
let pause = 500;

function openEcho() {
  socket = new WebSocket(new URL("/echo", location.href.replace(/^http/, "ws")));
  socket.addEventListener("open", () => {
    pause = 500;
    sent.length = 0;
    if (echoes.children.length === 0) say("Hello from the outside");
  });
  socket.addEventListener("message", (event) => {
    const started = sent.shift();
    if (started === undefined) return;
    const took = performance.now() - started;
    const line = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = event.data;
    line.append(text, strong(`${took.toFixed(1)} ms`));
    echoes.append(line);
    while (echoes.children.length > 5) echoes.firstChild.remove();
    void travel("out", "echo", 700);
  });
  socket.addEventListener("close", () => {
    setTimeout(openEcho, pause);
    pause = Math.min(pause * 2, 8000);
  });
}

function say(text) {
  sent.push(performance.now());
  socket.send(text);
  void travel("in", "echo", 700);
}

id("echo").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (text === "" || socket.readyState !== WebSocket.OPEN) return;
  say(text);
  words.value = "";
});

openEcho();
