import { escapeHtml } from "./escape-html.js";
import { picture } from "./picture.js";
import type { ReceivedRequest } from "./received-request.js";

/** Fields that the server sets, whatever the visitor sent under the same names. */
const SET_BY_SERVER: Record<string, string> = {
  "x-forwarded-for": "the visitor's address",
  "x-forwarded-proto": "how the visitor came",
  "x-forwarded-host": "the name the visitor asked for",
  "x-forwarded-port": "the port the visitor came to",
  "x-real-ip": "the visitor's address",
  "x-request-id": "the same id in the server's log",
  forwarded: "the same in one field (RFC 7239)",
};

export interface DemoPlaces {
  /** Where the tunnel's server and the sample service listen. */
  server: string;
  service: string;
}

/** The demo's page for one request. Everything that came with the request is escaped. */
export function demoPage(received: ReceivedRequest, places: DemoPlaces): string {
  const publicHost = received.publicHost ?? "this address";
  const way = picture({ visitor: received.visitor ?? "address unknown", ...places });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Postern demo · ${escapeHtml(publicHost)}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
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
  <p class="lead">Your browser asked <b>${escapeHtml(publicHost)}</b>. The server passed the request down a line that the client
  had opened from the inside, and a small service on this machine answered. No port was opened.</p>
</section>

<section class="panel stage" aria-label="The way of a request">
  ${way}
  <div class="strip">
    <button type="button" id="ask">Send a request</button>
    <p class="result" id="asked" aria-live="polite">Watch it travel the way and come back.</p>
    <svg class="bars" id="bars" viewBox="0 0 160 32" preserveAspectRatio="none" aria-hidden="true"></svg>
  </div>
</section>

<div class="pair">
<section class="panel clock">
  <h2>A clock</h2>
  <p class="how">Server-Sent Events: one line a second, passed on the moment it is written.</p>
  <div class="dial">
    <svg id="dial" viewBox="0 0 200 200" aria-hidden="true"></svg>
    <p class="time"><span id="time">--:--:--</span><small id="ticks">waiting for the first tick</small></p>
  </div>
</section>

<section class="panel echo">
  <h2>An echo</h2>
  <p class="how">A WebSocket: what you send comes straight back.</p>
  <ol id="echoes" aria-live="polite"></ol>
  <form id="echo">
    <label class="hidden" for="words">Words to send</label>
    <input id="words" maxlength="200" autocomplete="off" placeholder="Call through the gate" enterkeyhint="send">
    <button type="submit">Send</button>
  </form>
</section>
</div>

<section class="panel">
  <h2>Your request, as the service got it</h2>
  <p class="how">Fields with a light were set by the server. A visitor cannot forge them.</p>
  ${requestHtml(received)}
</section>

<section class="panel own">
  <h2>Now with a service of your own</h2>
  <p class="how">Two commands: the first where everybody can reach it, behind a proxy that speaks TLS; the second beside your service.</p>
  <pre><code><span class="prompt">$</span> postern server --domain tunnel.example.com --api-keys-file postern.keys
<span class="prompt">$</span> postern http 3000 --server https://tunnel.example.com --api-key-file my.key</code></pre>
</section>
</main>
<footer>Everything on this page came through the tunnel; nothing on it comes from elsewhere.</footer>
</body>
</html>
`;
}

function requestHtml({ method, path, httpVersion, headers, from }: ReceivedRequest): string {
  const rows = headers.map(([name, value]) => {
    const note = SET_BY_SERVER[name.toLowerCase()];
    const told = note === undefined ? "" : `<small>${note}</small>`;
    return `<div${note === undefined ? "" : ' class="set"'}><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}${told}</dd></div>`;
  });
  return `<p class="start"><b>${escapeHtml(method)}</b> <span>${escapeHtml(path)}</span> <i>HTTP/${escapeHtml(httpVersion)}</i></p>
  <dl class="fields">
    ${rows.join("\n    ")}
  </dl>
  <p class="how">It arrived over a connection from <code>${escapeHtml(from)}</code>: the client, on the same machine.</p>`;
}
