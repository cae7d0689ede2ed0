import { isIP } from "node:net";
import { hostName } from "./address.js";
import type { Kind } from "./kind.js";
import { rewritten } from "./rewritten.js";
import { text } from "./text.js";

const TEXT = { type: "string" };
/** `unix:` and the absolute path of a socket. */
const UNIX = /^unix:\/[^\0]+$/;
/** `tunnel://` and the name of a tunnel: a subdomain, or a whole domain. */
const TUNNEL = /^tunnel:\/\/(?<name>[^/?#]+)(?<path>\/[!-"$->@-[\]-~]*)?$/i;
/** Scheme, authority and path. A target has no user name, query or fragment. */
const HTTP = /^(?<scheme>https?|wss?):\/\/(?<authority>[^/?#@\\\s]+)(?<path>\/[!-"$->@-[\]-~]*)?$/i;
const SCHEMES: Readonly<Record<string, string>> = { http: "http", ws: "http", https: "https", wss: "https" };

/** The path of a route: `/exact`, `/below/*` or `/*`. */
export function routePath(): Kind<string> {
  return text({
    what: "path",
    // `*` only as the whole last segment; no query or fragment.
    pattern: /^\/(?:[^*?#]*\/)?(?:\*|[^*?#]*)$/,
    example: "/api/*",
  });
}

/** A host name, an IP address, or `*.` and a domain: every name below it. The value is in lower case. */
export function routeHost(): Kind<string> {
  const what = 'a host, for instance "app.example.com", or "*.example.com" for every name below it';
  const name = hostName();
  return rewritten("host", what, TEXT, (given) => {
    const [, wildcard = "", rest = ""] = /^(\*\.)?(.*)$/.exec(given.trim()) ?? [];
    const bare = rest.replace(/^\[(.*)\]$/, "$1");
    // URLs, unlike isIP, allow no zone in an IPv6 address.
    if (wildcard === "" && isIP(bare) !== 0) return isIP(bare) === 6 ? URL.parse(`http://[${bare}]`)?.hostname : bare;
    const reading = name.readText(rest);
    return "value" in reading ? wildcard + reading.value : undefined;
  });
}

/** A request method that the gateway forwards. The value is in upper case. */
export function requestMethod(): Kind<string> {
  const what = 'a request method other than CONNECT and TRACE, for instance "GET"';
  return rewritten("method", what, TEXT, (given) =>
    /^[\w!#$%&'*+.^`|~-]+$/.test(given) && !/^(?:connect|trace)$/i.test(given) ? given.toUpperCase() : undefined,
  );
}

/**
 * A target of a route: `http://` or `https://` with host, port and path, a Unix socket, or a tunnel of this server.
 * `ws://` and `wss://` are other spellings of `http://` and `https://`.
 */
export function routeTarget(): Kind<string> {
  const what =
    'the URL of a target, without user name and query, for instance "http://localhost:3000", "https://app.internal/base", "unix:/run/app.sock" or "tunnel://name"';
  const tunnel = hostName();
  return rewritten("target URL", what, TEXT, (given) => {
    const address = given.trim();
    if (UNIX.test(address)) return address;
    const { name, path = "" } = TUNNEL.exec(address)?.groups ?? {};
    if (name !== undefined) {
      const reading = tunnel.readText(name);
      return "value" in reading ? `tunnel://${reading.value}${path}` : undefined;
    }
    const { scheme = "", authority = "", path: base = "" } = HTTP.exec(address)?.groups ?? {};
    const url = URL.parse(`${SCHEMES[scheme.toLowerCase()]}://${authority}`);
    // The path stays as it is written: the URL parser would resolve dot segments.
    return url === null || authority === "" || url.port === "0" ? undefined : `${url.origin}${base}`;
  });
}

/** The path that replaces the path of a request: `{path}` stands for its path, `{rest}` for what follows the prefix. */
export function pathTemplate(): Kind<string> {
  return text({
    what: "path",
    pattern: /^(?:\/(?![/\\])|\{(?:path|rest)\})[!-~]*$/,
    example: "/v2{rest}",
    valid: (given) => hasOnly(given, ["path", "rest"]) && !given.includes("#"),
  });
}

/** Where a redirect leads: a path or an `http(s)://` URL, with placeholders. It never starts with `//`. */
export function redirectLocation(): Kind<string> {
  return text({
    what: "path or URL",
    pattern: /^(?:\/(?![/\\])|\{(?:path|rest)\}|https?:\/\/[^/\\])[!-~]*$/,
    example: "https://{host}{path}",
    valid: (given) => hasOnly(given, ["host", "path", "rest", "query"]) && hasHost(given),
  });
}

/** Whether the text contains no other braces than these placeholders. */
function hasOnly(given: string, names: readonly string[]): boolean {
  return !/[{}]/.test(given.replace(/\{(\w+)\}/g, (all, name: string) => (names.includes(name) ? "" : all)));
}

/** An absolute URL needs a host that a visitor cannot change. */
function hasHost(given: string): boolean {
  if (!/^https?:/.test(given)) return true;
  // A path, a rest and a query start with `/` or `?`, or are empty.
  const [, authority = ""] = /^https?:\/\/((?:(?!\{(?:path|rest|query)\})[^/?#])*)/.exec(given) ?? [];
  return authority !== "" && URL.canParse(`http://${authority.replace("{host}", "host.example")}`);
}
