import { TunnelError, type Bound } from "@postern/protocol";
import { describe, expect, test } from "vitest";
import { checkGrant } from "./grant.js";

const GRANT: Bound = {
  type: "bound",
  bind: 1,
  tunnel: 7,
  tunnel_id: "0a1b2c",
  name: "my-app",
  public_url: "https://my-app.example.com:8443",
};

const longestHost = `${"a.".repeat(126)}a`;

describe("a grant is accepted", () => {
  test.for<[what: string, changes: Partial<Bound>]>([
    ["as servers send it", {}],
    ["with a strategy that this version does not know", { members: 2, strategy: "by_moon_phase" }],
    ["without TLS", { public_url: "http://my-app.localhost:8080" }],
    ["with the longest host", { public_url: `https://${longestHost}:65535/`, name: longestHost }],
  ])("%s", ([, changes]) => {
    checkGrant({ ...GRANT, ...changes });
  });
});

describe("a grant is a protocol error", () => {
  test.for<[what: string, changes: Partial<Bound>]>([
    ["with an address that is not a URL", { public_url: "nowhere" }],
    ["with an empty address", { public_url: "" }],
    ["with a long address", { public_url: `https://my-app.example.com/${"a".repeat(500)}` }],
    ["with a script as its address", { public_url: "javascript:alert(1)" }],
    ["with a file as its address", { public_url: "file:///etc/passwd" }],
    ["with a user name in its address", { public_url: "https://bank.example@my-app.example.com" }],
    ["with control characters, which a URL parser drops, in its address", { public_url: "https://my-app.ex\nample" }],
    ["with letters that look like others in its address", { public_url: "https://my-\u0430pp.example.com" }],
    ["with a long id", { tunnel_id: "t".repeat(129) }],
    ["with control characters in its id", { tunnel_id: "\u001b[2J" }],
    ["without a name", { name: "" }],
    ["with control characters in its strategy", { strategy: "first\u001b[2J" }],
    ["with a long strategy", { strategy: "s".repeat(65) }],
    ["with a long name", { name: "n".repeat(254) }],
  ])("%s", ([, changes]) => {
    expect(() => checkGrant({ ...GRANT, ...changes })).toThrow(TunnelError);
    expect(() => checkGrant({ ...GRANT, ...changes })).toThrow(expect.objectContaining({ code: "PN_PROTOCOL" }));
  });
});
