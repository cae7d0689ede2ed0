import { describe, expect, test } from "vitest";
import { RequestHead } from "../http/index.js";
import { ForwardedFields } from "./forwarded-fields.js";
import { Forwarding, type ForwardingOptions } from "./forwarding.js";
import { TrustedFields } from "./trusted-fields.js";
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

/** The field lines that the origin gets of the visitor's own. */
function passed(visitor: ForwardedFields, ...lines: string[]): string[] {
  const head = request("GET / HTTP/1.1", "Host: a", ...lines);
  // Every attempt asks for the lines again.
  visitor.lines(head);
  visitor.lines(head);
  return head.write("").toString("latin1").trimEnd().split("\r\n").slice(2);
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
  const lines = (address: string, proto: string): Record<string, string> => {
    const head = request(...GET, `X-Forwarded-For: ${address}`, `X-Forwarded-Proto: ${proto}`);
    proxied.readAddress(head);
    return named(proxied.lines(head));
  };
  expect(lines("192.0.2.1", "https")).toMatchObject({ "x-real-ip": "192.0.2.1", "x-forwarded-proto": "https" });
  expect(proxied.address).toBe("192.0.2.1");
  expect(lines("192.0.2.2", "gopher")).toMatchObject({ "x-real-ip": "192.0.2.2", "x-forwarded-proto": "http" });
});

test("Via names the version of each request", () => {
  const visitor = fields("192.0.2.1", { via: true });
  expect(named(visitor.lines(request(...GET)))).toMatchObject({ via: "1.1 postern" });
  expect(named(visitor.lines(request("GET / HTTP/1.0", "Host: a")))).toMatchObject({ via: "1.0 postern" });
});

describe("fields that only trusted proxies may pass on", () => {
  const trustedFields = ["X-Forwarded-User", "x-forwarded-groups", "CF-Connecting-IP", "Remote-User"];
  const login = ["X-Forwarded-User: ann", "remote-user: ann", "CF-Connecting-IP: 192.0.2.1", "X-Forwarded-Groups: a,b"];

  test("pass from them as they came, and from nobody else", () => {
    expect(passed(fields(PROXY, { trustedFields }), "A: 1", ...login, "B: 2")).toEqual(["A: 1", ...login, "B: 2"]);
    expect(passed(fields("192.0.2.1", { trustedFields }), "A: 1", ...login, "B: 2")).toEqual(["A: 1", "B: 2"]);
  });

  test("do not pass unless they are listed", () => {
    const others = ["X-Forwarded-Email: a@b.c", "X-Forwarded-Port: 1", "True-Client-IP: 192.0.2.1", "X-Request-Id: 1"];
    expect(passed(fields(PROXY, { trustedFields }), ...others)).toEqual([]);
    expect(passed(fields(PROXY), ...login)).toEqual(["remote-user: ann"]);
  });

  test("do not pass when they arrive twice, or in a spelling that only looks alike", () => {
    const visitor = fields(PROXY, { trustedFields });
    expect(passed(visitor, "X-Forwarded-User: eve", ...login)).toEqual(login.slice(1));
    expect(passed(visitor, "REMOTE-USER: eve", ...login)).toEqual([login[0], ...login.slice(2)]);
    expect(passed(visitor, "X-Forwarded_User: eve", "Remote_User: eve", "CF.Connecting.IP: 6.6.6.6")).toEqual([]);
  });

  test("cannot be removed by Connection where only proxies write them", () => {
    expect(passed(fields(PROXY, { trustedFields }), "Connection: x-forwarded-user", login[0]!)).toEqual([login[0]]);
  });

  test.each([
    "X-Forwarded-For",
    "x-forwarded-proto",
    "Forwarded",
    "Host",
    "Via",
    "TE",
    "X_User",
    "",
    "a b",
    "ä",
    "Postern-Probe",
  ])("%j cannot be listed", (name) => {
    expect(() => new TrustedFields(["X-Forwarded-User", name])).toThrow(RangeError);
  });
});

test("a trusted proxy's request id is used if it is one, at most 128 visible characters", () => {
  const trustedFields = ["X-Request-ID"];
  const idOf = (visitor: ForwardedFields, ...ids: string[]): string => {
    const head = request(...GET, ...ids.map((id) => `X-Request-Id: ${id}`));
    expect(passed(visitor, ...ids.map((id) => `X-Request-Id: ${id}`))).toEqual([]);
    return visitor.requestId(head);
  };
  const proxied = fields(PROXY, { trustedFields });
  expect(idOf(proxied, "0af7651916cd43dd")).toBe("0af7651916cd43dd");
  expect(idOf(proxied, "x".repeat(128))).toHaveLength(128);
  expect(idOf(proxied, "x".repeat(129))).toBe("");
  expect(idOf(proxied, "two words")).toBe("");
  expect(idOf(proxied, "\xe4")).toBe("");
  expect(idOf(proxied, "")).toBe("");
  expect(idOf(proxied, "1", "2")).toBe("");
  expect(idOf(fields("192.0.2.1", { trustedFields }), "forged")).toBe("");
  expect(idOf(fields(PROXY), "unlisted")).toBe("");
});
