import { isIP } from "node:net";
import type { Kind } from "./kind.js";
import { isFolderTarget } from "./local-folder.js";
import { rewritten } from "./rewritten.js";
import { text } from "./text.js";

const HOST_PORT = /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+):(?<port>\d{1,5})$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Leaves room for a label of 63 letters within the 255 bytes of a name (RFC 1035, section 2.3.4). */
const LONGEST_DOMAIN = 190;

/** `host:port` to listen on. A port alone means loopback. */
export function listenAddress(): Kind<string> {
  const what = 'an address to listen on, for instance "127.0.0.1:8080" (this machine only) or "0.0.0.0:8080"';
  return rewritten("address", what, { type: ["string", "integer"] }, (given) => {
    const { host, port } = HOST_PORT.exec(/^\d+$/.test(given) ? `127.0.0.1:${given}` : given)?.groups ?? {};
    return host === undefined || Number(port) > 65_535 ? undefined : `${host}:${Number(port)}`;
  });
}

/** `host:port` on the loopback interface. */
export function loopbackAddress(): Kind<string> {
  const what = 'a loopback address, for instance "127.0.0.1:4040"';
  const any = listenAddress();
  return rewritten("address", what, { type: ["string", "integer"] }, (given) => {
    const reading = any.readText(given);
    return "value" in reading && /^(127(\.\d{1,3}){3}|\[::1\]|localhost):/.test(reading.value)
      ? reading.value
      : undefined;
  });
}

/** A host name without a port. The value is in lower case. */
export function hostName(): Kind<string> {
  return rewritten(
    "host name",
    'a host name without scheme or port, for instance "tunnel.example.com"',
    { type: "string" },
    (given) => {
      const name = given.trim().toLowerCase().replace(/\.$/, "");
      const labels = name.split(".");
      const isName = labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) as string);
      return isName && name.length <= LONGEST_DOMAIN ? name : undefined;
    },
  );
}

/** One label of a host name. */
export function label(): Kind<string> {
  return rewritten("name", 'a name of 1 to 63 letters, digits and "-"', { type: "string" }, (given) =>
    LABEL.test(given.toLowerCase()) ? given.toLowerCase() : undefined,
  );
}

/** A host name or an IP address. The value of an IPv6 address is in brackets. */
export function host(): Kind<string> {
  const what = 'a host name or an IP address, for instance "localhost" or "127.0.0.1"';
  return rewritten("host", what, { type: "string" }, (given) => {
    const bare = given.trim().replace(/^\[(.*)\]$/, "$1");
    if (isIP(bare) === 6) return `[${bare}]`;
    // Container names may contain an underscore.
    return /^[\w.-]{1,253}$/.test(bare) && URL.canParse(`http://${bare}`) ? bare : undefined;
  });
}

/** A local service: a port (3000 or :3000), `host:port`, an origin, or a folder. */
export function target(): Kind<string> {
  const what =
    'a local service: a port (3000), an address ("127.0.0.1:3000"), an origin ("https://localhost:8443") or a folder ("./public")';
  return rewritten("target", what, { type: ["string", "integer"] }, (given) => {
    if (isFolderTarget(given)) return given;
    const address = /^:?\d+$/.test(given) ? `localhost:${given.replace(":", "")}` : given;
    const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`);
    return url !== null && /^https?:$/.test(url.protocol) && isOrigin(url) && url.port !== "0" ? given : undefined;
  });
}

/** The URL of a Postern server. The scheme is optional; older files include the path `/connect`. */
export function serverAddress(): Kind<string> {
  const what = 'the URL of a server, for instance "https://tunnel.example.com"';
  return rewritten("server", what, { type: "string" }, (given) => {
    const parsed = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(given.trim()) ? given.trim() : `https://${given.trim()}`);
    if (parsed === null || !/^(https?|wss?):$/.test(parsed.protocol) || parsed.username + parsed.password !== "")
      return undefined;
    const isBare = /^\/(connect)?$/.test(parsed.pathname) && parsed.search === "" && parsed.hash === "";
    return isBare ? `${parsed.protocol}//${parsed.host}` : undefined;
  });
}

/** A URL with one of these schemes. */
export function url(schemes: readonly string[], example: string): Kind<string> {
  return text({
    what: "URL",
    example,
    valid: (given) => {
      const parsed = URL.parse(given.trim());
      return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.hostname !== "";
    },
  });
}

/** The URL of an HTTP proxy, which may contain a user name and password, or `none`. */
export function proxyAddress(): Kind<string> {
  const what = '"none", or the URL of a proxy, for instance "http://proxy.example.com:3128"';
  const kind = rewritten("proxy", what, { type: "string" }, (given) => {
    const text = given.trim();
    if (text.toLowerCase() === "none") return "none";
    const parsed = URL.parse(text.includes("://") ? text : `http://${text}`);
    if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.port === "0") return undefined;
    const isBare = parsed.pathname === "/" && parsed.search === "" && parsed.hash === "";
    return isBare && isDecodable(parsed.username + parsed.password) ? parsed.href.replace(/\/$/, "") : undefined;
  });
  return { ...kind, redact: (value) => JSON.stringify(value.replace(/\/\/[^/]*@/, "//***@")) };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** An origin: scheme, host and optional port. */
export function origin(example: string): Kind<string> {
  return rewritten(
    "origin",
    `an origin (scheme, host and optional port), for instance "${example}"`,
    { type: "string" },
    (given) => {
      const parsed = URL.parse(given.trim());
      return parsed !== null && /^https?:$/.test(parsed.protocol) && isOrigin(parsed) ? parsed.origin : undefined;
    },
  );
}

/** An IP address or a network. */
export function network(): Kind<string> {
  const what = 'an IP address or a network, for instance "127.0.0.1" or "10.0.0.0/8"';
  return rewritten("network", what, { type: "string" }, (given) => {
    const [address = "", prefix, ...more] = given.trim().split("/");
    const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] as number;
    const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
    return longest > 0 && fits && more.length === 0 ? given.trim() : undefined;
  });
}

function isOrigin(parsed: URL): boolean {
  return parsed.href === `${parsed.origin}/`;
}
