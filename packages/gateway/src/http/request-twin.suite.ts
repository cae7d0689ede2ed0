/**
 * A second, naive reader of requests that uses strings, split and regular expressions and is not optimised. If it
 * disagrees with the real reader, one of them is wrong.
 */

export interface TwinRequest {
  length: number;
  method: string;
  path: string;
  authority: string;
  contentLength: number;
  chunked: boolean;
  keepAlive: boolean;
  upgrade: string;
  expectContinue: boolean;
  /** The lines of the forwarded head, without the blank one; the identity line is `Ours: 1`. */
  forwarded: string[];
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const LINE = /^([A-Z0-9_-]{1,32}) ([!"$-~]+) HTTP\/1\.([0-9])$/;
const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*([\\t -~\\x80-\\xff]*?)[ \\t]*$`);
const PROTOCOLS = new RegExp(`^${TOKEN}(?:/${TOKEN})?$`);

const CODING = new RegExp(`^${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=${TOKEN})*$`);

const OURS = /^(?:content-length|transfer-encoding|connection|upgrade|keep-alive|expect)$/;
/** Fields that pass in their own spelling only. */
const SPELLED = /^(?:set-cookie|cdn-loop|max-forwards)$/;
const NOT_FOR_ORIGINS =
  /^(?:te|http2-settings|proxy|proxy-(?:connection|authenticate|authentication-info|authorization)|forwarded(?:-for)?|x-forwarded(?:-.*)?|x-real-ip|x-request-id|true-client-ip|cf-connecting-ip(?:v6)?|cf-pseudo-ipv4|fastly-client-ip|x-appengine-user-ip|x-(?:cluster-)?client-ip|x-original-forwarded-for|x-(?:original|rewrite)-url)$/;

interface Line {
  name: string;
  folded: string;
  value: string;
  text: string;
}

/** The request at the start of `text`; undefined when there is no valid one. */
export function twinRequest(text: string): TwinRequest | undefined {
  const message = text.replace(/^(?:\r\n){1,2}/, "");
  const end = message.indexOf("\r\n\r\n");
  const length = text.length - message.length + end + 4;
  if (end < 0 || length > 16_384) return undefined;
  const [first = "", ...rest] = message.slice(0, end).split("\r\n");
  const start = LINE.exec(first);
  if (start === null || rest.length > 100) return undefined;
  const [, method = "", target = "", version = ""] = start;
  const minor = version === "0" ? "0" : "1";
  if (method === "CONNECT" || method === "TRACE") return undefined;

  const lines: Line[] = [];
  for (const line of rest) {
    const field = FIELD.exec(line);
    if (field === null) return undefined;
    const name = field[1]!.toLowerCase();
    lines.push({ name, folded: name.replace(/[^0-9a-z]/g, "-"), value: field[2]!, text: line });
  }
  const values = (name: string): string[] => lines.filter((line) => line.name === name).map((line) => line.value);

  const hosts = values("host");
  if (hosts.length > 1 || (hosts.length === 0 && minor === "1")) return undefined;
  const host = hosts.length === 0 ? authorityOf(target) : canonical(hosts[0]!);
  if (host === undefined) return undefined;
  const path = originForm(method, target, host);
  if (path === undefined) return undefined;

  const lengths = values("content-length");
  const codings = values("transfer-encoding");
  if (lengths.length + codings.length > 1) return undefined;
  if (lengths.length === 1 && !(/^[0-9]{1,16}$/.test(lengths[0]!) && BigInt(lengths[0]!) < 2n ** 53n)) return undefined;
  if (codings.length === 1 && (minor === "0" || codings[0]!.toLowerCase() !== "chunked")) return undefined;
  const contentLength = lengths.length === 1 ? Number(lengths[0]) : -1;
  const chunked = codings.length === 1;

  const options = values("connection").flatMap(elements);
  if (options.some((option) => !new RegExp(`^${TOKEN}$`).test(option))) return undefined;
  const counted = values("connection")
    .filter((value) => !/^(?:close|keep-alive)$/i.test(value))
    .flatMap(elements);
  if (counted.length > 32) return undefined;

  const upgrades = values("upgrade");
  const protocols = upgrades.flatMap(elements);
  if (upgrades.length > 1 || (upgrades.length === 1 && protocols.length === 0)) return undefined;
  if (protocols.some((name) => !PROTOCOLS.test(name))) return undefined;
  const upgradable = method === "GET" && minor === "1" && !chunked && contentLength <= 0 && options.includes("upgrade");
  const needed = protocols.filter((name) => !/^(?:h2c?|http|tls)$/.test(name.split("/")[0]!));
  const offered = needed.length === protocols.length ? (upgrades[0] ?? "") : inOriginalCase(upgrades[0]!, needed);
  const upgrade = upgradable ? offered : "";

  const expectations = values("expect").map((value) => value.toLowerCase());
  if (expectations.length > 1 || (expectations.length === 1 && expectations[0] !== "100-continue")) return undefined;
  const expectContinue = expectations.length === 1 && minor === "1" && (chunked || contentLength > 0);

  const codingsWanted = values("te").flatMap(elements);
  const clear = codingsWanted.every((coding) => CODING.test(coding));
  const acceptsTrailers = minor === "1" && upgrade === "" && clear && codingsWanted.includes("trailers");

  const limits = values("max-forwards");
  const forwards =
    method === "OPTIONS" && limits.length === 1 && /^\d+$/.test(limits[0]!) ? Number(limits[0]) : undefined;

  const named = options.filter((option) => !["close", "keep-alive", "upgrade"].includes(option));
  const kept = lines.filter(({ name, folded }) => {
    if (OURS.test(folded) || NOT_FOR_ORIGINS.test(folded)) return false;
    if (SPELLED.test(folded) && name !== folded) return false;
    if (name === "max-forwards" && forwards !== undefined) return false;
    return /^(?:host|cdn-loop|max-forwards)$/.test(name) || !named.includes(name);
  });
  // If start line and Host are canonical, all lines stay in their order; otherwise Host comes first.
  const hostLine = lines.find(({ name }) => name === "host")?.text ?? "";
  const plain = target === path && version === "1" && /^host: ?/i.exec(hostLine)?.[0] + host === hostLine;
  const forwarded = plain
    ? [first, ...kept.map((line) => line.text)]
    : [
        `${method} ${path} HTTP/1.1`,
        `Host: ${host}`,
        ...kept.filter(({ name }) => name !== "host").map((line) => line.text),
      ];
  if (chunked) forwarded.push("Transfer-Encoding: chunked");
  if (contentLength >= 0) forwarded.push(`Content-Length: ${contentLength}`);
  forwarded.push("Ours: 1");
  if (forwards !== undefined && forwards > 0) forwarded.push(`Max-Forwards: ${Math.min(forwards, 999) - 1}`);
  if (acceptsTrailers) forwarded.push("Connection: TE", "TE: trailers");
  if (expectContinue) forwarded.push("Expect: 100-continue");
  if (upgrade !== "") forwarded.push("Connection: Upgrade", `Upgrade: ${upgrade}`);

  const keepAlive = !options.includes("close") && (minor === "1" || options.includes("keep-alive"));
  return {
    length,
    method,
    path,
    authority: host,
    contentLength,
    chunked,
    keepAlive,
    upgrade,
    expectContinue,
    forwarded,
  };
}

function elements(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((element) => element !== "");
}

/** These elements of `value`, which are in lower case, as they are written there. */
function inOriginalCase(value: string, wanted: string[]): string {
  const written = value.match(/[^\t ,]+/g) ?? [];
  return written.filter((element) => wanted.includes(element.toLowerCase())).join(", ");
}

function canonical(host: string): string | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)(?:\.?)(?::([0-9]{0,5}))?$/i.exec(host);
  if (parts === null) return undefined;
  let name = parts[1]!.toLowerCase();
  const port = (parts[2] ?? "") === "" ? "" : `:${Number(parts[2])}`;
  if (name.startsWith("[")) {
    if (!URL.canParse(`http://${name}`) || host.includes("].")) return undefined;
    name = new URL(`http://${name}`).hostname;
  } else if (name.split(".").includes("") || name.length > 253) return undefined;
  if (port !== "" && (Number(parts[2]) < 1 || Number(parts[2]) > 65_535)) return undefined;
  return name + port;
}

/** The authority of a target in absolute form; empty in other forms. */
function authorityOf(target: string): string | undefined {
  const parts = /^https?:\/\/([^/?]*)/i.exec(target);
  return parts === null ? "" : canonical(parts[1]!);
}

function originForm(method: string, target: string, host: string): string | undefined {
  if (target.startsWith("/") || (target === "*" && method === "OPTIONS")) return target;
  const parts = /^(https?):\/\/([^/?]*)(.*)$/i.exec(target);
  if (parts === null) return undefined;
  const [, scheme = "", , rest = ""] = parts;
  const port = scheme.length === 4 ? ":80" : ":443";
  const authority = authorityOf(target);
  const withPort = (text: string): string => (/:[0-9]+$/.test(text.replace(/^\[.*\]/, "v6")) ? text : text + port);
  if (authority === undefined || host === "" || withPort(authority) !== withPort(host)) return undefined;
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
