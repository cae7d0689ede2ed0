import { escapeHtml } from "./escape-html.js";
import { picture } from "./picture.js";
import type { ReceivedRequest } from "./received-request.js";

/** Header fields that the server sets. It removes those that a visitor sends. */
const SET_BY_SERVER: Record<string, string> = {
  "x-forwarded-for": "the visitor's address",
  "x-forwarded-proto": "the visitor's scheme",
  "x-forwarded-host": "the host that the visitor requested",
  "x-forwarded-port": "the port that the visitor connected to",
  "x-real-ip": "the visitor's address",
  "x-request-id": "also in the server's log",
  forwarded: "all of these in one field (RFC 7239)",
};

const COMMANDS = [
  "postern server --domain tunnel.example.com --public-url https://tunnel.example.com --api-keys-file postern.keys",
  "postern http 3000 --server https://tunnel.example.com --api-key-file my.key",
];

export interface DemoAddresses {
  /** The addresses of the tunnel's server and of the sample service. */
  server: string;
  service: string;
}

/** The demo's page for one request. All text of the request is escaped. */
export function demoPage(received: ReceivedRequest, addresses: DemoAddresses): string {
  const publicHost = received.publicHost ?? "this address";
  const way = picture({ visitor: received.visitor ?? "unknown address", ...addresses });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Postern demo · ${escapeHtml(publicHost)}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/palette.css">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<header class="top">
  <span class="mark"><img src="/icon.svg" alt="" width="32" height="32">Postern</span>
  <span class="pill" id="live" role="status">connecting</span>
</header>
<main>
<section class="hero">
  <h1>You came in by the <em>back gate.</em></h1>
  <p class="lead">Your browser requested <b>${escapeHtml(publicHost)}</b>. The server forwarded the request through a
  connection that the client had opened from the inside, and a sample service on this machine responded. No inbound port is open.</p>
</section>

<section class="panel stage" aria-label="The path of a request">
  ${way}
  <div class="strip">
    <button type="button" id="ask">Send a request</button>
    <p class="result" id="asked" aria-live="polite">Follow a request to the service and back.</p>
    <svg class="bars" id="bars" viewBox="0 0 160 32" preserveAspectRatio="none" aria-hidden="true"></svg>
  </div>
</section>

<div class="pair">
<section class="panel clock">
  <h2>A clock</h2>
  <p class="how">Server-Sent Events: one line per second, forwarded as soon as it is written.</p>
  <div class="dial">
    <svg id="dial" viewBox="0 0 200 200" aria-hidden="true"></svg>
    <p class="time"><span id="time">--:--:--</span><small id="ticks">waiting for the first event</small></p>
  </div>
</section>

<section class="panel echo">
  <h2>An echo</h2>
  <p class="how">A WebSocket that returns every message.</p>
  <ol id="echoes" aria-live="polite"></ol>
  <form id="echo">
    <label class="hidden" for="words">Message to send</label>
    <input id="words" maxlength="200" autocomplete="off" placeholder="Type a message" enterkeyhint="send">
    <button type="submit">Send</button>
  </form>
</section>
</div>

<section class="panel">
  <h2>Your request, as the service received it</h2>
  <p class="how">The server sets the highlighted fields. A visitor cannot forge them.</p>
  ${requestHtml(received)}
</section>

<section class="panel own">
  <h2>Share your own service</h2>
  <p class="how">Run the first command on a public machine, behind a TLS proxy, and the second one next to your service.</p>
  <pre><code>${COMMANDS.map(commandHtml).join("\n")}</code></pre>
</section>
</main>
<footer>Everything on this page was loaded through the tunnel.</footer>
</body>
</html>
`;
}

/** Words stay whole where they fit, also options, in which a browser would break after a hyphen. */
function commandHtml(command: string): string {
  const words = command.split(" ").map((word) => `<span class="word">${escapeHtml(word)}</span>`);
  return `<span class="prompt">$</span> ${words.join(" ")}`;
}

/** Text that breaks after a separator rather than within a word. */
function breakable(text: string): string {
  return text
    .split(/(?<=[,;])(?=\S)/)
    .map(escapeHtml)
    .join("<wbr>");
}

function requestHtml({ method, path, httpVersion, headers, from }: ReceivedRequest): string {
  const rows = headers.map(([name, value]) => {
    const note = SET_BY_SERVER[name.toLowerCase()];
    const noteHtml = note === undefined ? "" : `<small>${note}</small>`;
    return `<div${note === undefined ? "" : ' class="set"'}><dt>${escapeHtml(name)}</dt><dd>${breakable(value)}${noteHtml}</dd></div>`;
  });
  return `<p class="start"><b>${escapeHtml(method)}</b> <span>${escapeHtml(path)}</span> <i>HTTP/${escapeHtml(httpVersion)}</i></p>
  <dl class="fields">
    ${rows.join("\n    ")}
  </dl>
  <p class="how">The service received it from the client on the same machine, at <code>${escapeHtml(from)}</code>.</p>`;
}
