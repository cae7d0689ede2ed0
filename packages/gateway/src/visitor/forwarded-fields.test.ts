import { expect, test } from "vitest";
import { RequestHead } from "../http/index.js";
import { ForwardedFields } from "./forwarded-fields.js";
import { Forwarding, type ForwardingOptions } from "./forwarding.js";
import { TrustedProxies } from "./trusted-proxies.js";

const PROXY = "10.0.0.1";

/** The head of a request, as it was read. */
function request(...lines: string[]): RequestHead {
  const bytes = Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
  const head = new RequestHead();
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
  return head;
}

function fields(peer: string, options: ForwardingOptions = {}): ForwardedFields {
  return new ForwardedFields(peer, "http", new Forwarding({ trustedProxies: new TrustedProxies([PROXY]), ...options }));
}

/** Lines by their names in lower case. */
function named(lines: string): Record<string, string> {
  const pairs = lines.split("\r\n").map((line) => line.split(": ") as [string, string]);
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

const GET = ["GET / HTTP/1.1", "Host: a"];

test("the visitor, its scheme and its host are described; so is this gateway, by its id", () => {
  const lines = named(fields("2001:db8::1").lines(request(...GET)));
  expect(lines).toMatchObject({
    "x-forwarded-for": "2001:db8::1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "a",
    "x-real-ip": "2001:db8::1",
    forwarded: 'for="[2001:db8::1]";host="a";proto=http',
    "cdn-loop": expect.stringMatching(/^postern-/),
  });
  expect(lines).not.toHaveProperty("via");
});

test("each request of a trusted proxy has its own visitor and scheme", () => {
  const proxied = fields(PROXY);
  const lines = (address: string, proto: string): Record<string, string> =>
    named(proxied.lines(request(...GET, `X-Forwarded-For: ${address}`, `X-Forwarded-Proto: ${proto}`)));
  expect(lines("192.0.2.1", "https")).toMatchObject({ "x-real-ip": "192.0.2.1", "x-forwarded-proto": "https" });
  expect(proxied.address).toBe("192.0.2.1");
  expect(lines("192.0.2.2", "gopher")).toMatchObject({ "x-real-ip": "192.0.2.2", "x-forwarded-proto": "http" });
});

test("Via names the version of each request", () => {
  const visitor = fields("192.0.2.1", { via: true });
  expect(named(visitor.lines(request(...GET)))).toMatchObject({ via: "1.1 postern" });
  expect(named(visitor.lines(request("GET / HTTP/1.0", "Host: a")))).toMatchObject({ via: "1.0 postern" });
});
