import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vite";
import { scratchFolder, type Defer } from "@postern/testkit";

/** A single-page application: a style sheet, a picture, a part that is loaded later, a video and a service worker. */
const SOURCES = {
  "index.html": `<!doctype html>
<html lang="en">
  <head>
    <title>app</title>
    <link rel="icon" href="/src/logo.svg" />
  </head>
  <body>
    <main></main>
    <img id="logo" alt="" src="/src/logo.svg" />
    <video muted preload="metadata" src="/clip.webm"></video>
    <script type="module" src="/src/main.js"></script>
  </body>
</html>`,
  "src/main.js": `import "./style.css";
const { render } = await import("./page.js");
render(document.querySelector("main"), location.pathname);
navigator.serviceWorker.register("/sw.js");`,
  "src/page.js": `export function render(place, path) {
  place.textContent = "page of " + path;
}`,
  "src/style.css": "main { color: rgb(1, 2, 3); }",
  "src/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"></svg>',
  "public/sw.js": `addEventListener("install", (event) => event.waitUntil(store()));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (!request.headers.has("range")) event.respondWith(respond(request));
});
async function store() {
  const cache = await caches.open("app");
  await cache.addAll(["/", ...ASSETS]);
  await skipWaiting();
}
async function respond(request) {
  try {
    return await fetch(request);
  } catch {
    const stored = await caches.match(request.mode === "navigate" ? "/" : request);
    return stored ?? Response.error();
  }
}`,
};

/** Builds the application with Vite. Returns the folder to serve. @param clip content of clip.webm */
export async function buildViteApp(defer: Defer, clip: Buffer): Promise<string> {
  const root = scratchFolder(defer);
  for (const [file, text] of Object.entries(SOURCES)) write(join(root, file), text);
  write(join(root, "public/clip.webm"), clip);
  const { output } = (await build({
    root,
    configFile: false,
    logLevel: "silent",
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  })) as { output: { fileName: string }[] };
  const assets = output.map(({ fileName }) => `/${fileName}`).filter((path) => path.startsWith("/assets/"));
  const dist = join(root, "dist");
  write(join(dist, "sw.js"), SOURCES["public/sw.js"].replace("ASSETS", JSON.stringify(assets)));
  return dist;
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
