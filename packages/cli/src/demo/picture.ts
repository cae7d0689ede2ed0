import { escapeHtml } from "./escape-html.js";

/** The addresses along the path of a request. */
export interface PathAddresses {
  visitor: string;
  server: string;
  service: string;
}

interface Stop {
  id: string;
  title: string;
  does: string;
  address: string;
  icon: string;
}

/** Draws the path of a request: two stops outside, the wall with its gate, two stops inside. */
export function picture(addresses: PathAddresses): string {
  const [visitor, server, client, service] = stops(addresses).map(stopHtml);
  return `<div class="way" id="way">
  <p class="zone outside">outside</p>
  <p class="zone inside">inside</p>
  <div class="line" aria-hidden="true"></div>
  ${visitor}
  ${server}
  <div class="wall" aria-hidden="true">${wall()}</div>
  ${client}
  ${service}
</div>`;
}

function stops({ visitor, server, service }: PathAddresses): Stop[] {
  return [
    { id: "visitor", title: "Visitor", does: "requests the public URL", address: visitor, icon: BROWSER },
    { id: "server", title: "Server", does: "finds the tunnel by host name", address: server, icon: TOWER },
    {
      id: "client",
      title: "Client",
      does: "connected from the inside",
      address: "no inbound port",
      icon: LANTERN,
    },
    { id: "service", title: "Service", does: "responds, unaware of the tunnel", address: service, icon: BOX },
  ];
}

function stopHtml({ id, title, does, address, icon }: Stop): string {
  return `<div class="stop" data-stop="${id}">
    <div class="badge" aria-hidden="true"><svg viewBox="0 0 48 48">${icon}</svg></div>
    <div class="about"><h3>${title}</h3><p>${escapeHtml(does)}</p><code>${escapeHtml(address)}</code></div>
  </div>`;
}

const BROWSER = `<rect x="6" y="10" width="36" height="28" rx="4"/><path d="M6 18h36"/><path d="M11 14h.1M15 14h.1M19 14h.1"/><path d="M15 26h18M15 31h11"/>`;
const TOWER = `<rect x="8" y="8" width="32" height="9" rx="2.5"/><rect x="8" y="20" width="32" height="9" rx="2.5"/><rect x="8" y="32" width="32" height="9" rx="2.5"/><path d="M13 12.5h.1M13 24.5h.1M13 36.5h.1M27 12.5h8M27 24.5h8M27 36.5h8"/>`;
const LANTERN = `<path d="M19 8a5 5 0 0 1 10 0"/><path d="M15 14h18M17 14l-3 20h20l-3-20M13 40h22M16 34v6M32 34v6"/><path class="flame" d="M24 19c3 3.5 4.500 5.500 4.500 7.500a4.500 4.500 0 0 1-9 0c0-2 1.500-4 4.500-7.500z"/>`;
const BOX = `<path d="M24 6l16 8v20l-16 8-16-8V14z"/><path d="M8 14l16 8 16-8M24 22v20M16 10l16 8"/>`;

/** Brickwork with battlements and an arched gate. The line passes through the middle of the gate. */
function wall(): string {
  const rows = Array.from({ length: 9 }, (_, row) => courses(row)).join("");
  return `<svg viewBox="0 0 120 190" preserveAspectRatio="none">
    <path class="stone" d="M10 190V34H4V8h22v14h20V8h28v14h20V8h22v26h-6v156z"/>
    <g class="joints">${rows}</g>
    <path class="gate" d="M32 190v-108a28 32 0 0 1 56 0v108z"/>
    <path class="arch" d="M32 190v-108a28 32 0 0 1 56 0v108"/>
  </svg>`;
}

function courses(row: number): string {
  const y = 34 + row * 18;
  const offset = row % 2 === 0 ? 28 : 44;
  const uprights = [0, 32, 64].map((x) => x + offset).filter((x) => x > 12 && x < 108);
  return `<path d="M10 ${y}h100${uprights.map((x) => `M${x} ${y}v18`).join("")}"/>`;
}
