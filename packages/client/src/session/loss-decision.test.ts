import { TunnelError, type ErrorCode } from "@postern/protocol";
import { describe, expect, test } from "vitest";
import { decide, errorKind, type Decision, type ErrorKind, type Loss } from "./loss-decision.js";

type Row = [
  cause: Loss["cause"],
  error: ErrorKind,
  server: Loss["server"],
  others: "others" | "alone",
  reconnects: "reconnects" | "once",
  decision: Decision,
];

describe("the decision after a loss", () => {
  test.for<Row>([
    ["failed", "renewable", "primary", "alone", "reconnects", "attempt"],
    ["failed", "renewable", "fallback", "others", "once", "attempt"],
    ["lost", "renewable", "primary", "alone", "reconnects", "retry"],

    ["failed", "temporary", "primary", "alone", "reconnects", "retry"],
    ["failed", "temporary", "primary", "others", "reconnects", "retry"],
    ["failed", "temporary", "fallback", "alone", "reconnects", "retry"],
    ["lost", "temporary", "primary", "alone", "reconnects", "retry"],
    ["lost", "temporary", "fallback", "others", "reconnects", "retry"],

    ["failed", "final", "primary", "alone", "reconnects", "fail"],
    ["failed", "final", "primary", "others", "reconnects", "retry"],
    ["failed", "final", "fallback", "alone", "reconnects", "avoid"],
    ["failed", "final", "fallback", "others", "reconnects", "avoid"],
    ["lost", "final", "primary", "alone", "reconnects", "fail"],
    ["lost", "final", "primary", "others", "reconnects", "fail"],
    ["lost", "final", "fallback", "alone", "reconnects", "avoid"],
    ["lost", "final", "fallback", "others", "reconnects", "avoid"],

    ["failed", "full", "primary", "alone", "reconnects", "retry"],
    ["failed", "full", "primary", "others", "reconnects", "rest"],
    ["failed", "full", "fallback", "others", "reconnects", "rest"],
    ["lost", "full", "primary", "alone", "reconnects", "retry"],
    ["lost", "full", "primary", "others", "reconnects", "rest"],

    ["failed", "temporary", "primary", "alone", "once", "retry"],
    ["failed", "final", "primary", "alone", "once", "fail"],
    ["failed", "final", "fallback", "alone", "once", "avoid"],
    ["failed", "temporary", "primary", "others", "once", "stop"],
    ["failed", "full", "primary", "others", "once", "stop"],
    ["lost", "temporary", "primary", "others", "once", "stop"],
    ["lost", "final", "primary", "others", "once", "stop"],
    ["lost", "temporary", "primary", "alone", "once", "fail"],
    ["lost", "temporary", "fallback", "alone", "once", "fail"],
    ["lost", "final", "fallback", "alone", "once", "fail"],
    ["lost", "renewable", "primary", "alone", "once", "fail"],
  ])("%s, %s error, %s, %s, %s: %s", ([cause, error, server, others, reconnects, decision]) => {
    const loss: Loss = { cause, error, server, others: others === "others", reconnects: reconnects === "reconnects" };
    expect(decide(loss)).toBe(decision);
  });
});

describe("the kind of an error", () => {
  test.for<[ErrorCode, "another credential" | "no other", "was open" | "never open", ErrorKind]>([
    ["PN_AUTH_REFUSED", "another credential", "never open", "renewable"],
    ["PN_AUTH_REFUSED", "no other", "was open", "final"],
    ["PN_SESSION_LOST", "no other", "never open", "temporary"],
    ["PN_TUNNEL_LIMIT", "no other", "never open", "final"],
    ["PN_TUNNEL_LIMIT", "no other", "was open", "full"],
    ["PN_SESSION_TUNNEL_LIMIT", "no other", "was open", "full"],
    ["PN_SERVER_TUNNEL_LIMIT", "no other", "never open", "final"],
    ["PN_SERVER_TUNNEL_LIMIT", "no other", "was open", "full"],
    ["PN_NAME_SESSION_LIMIT", "no other", "was open", "full"],
    ["PN_OWNER_NAME_LIMIT", "no other", "was open", "full"],
    ["PN_NAME_TAKEN", "no other", "was open", "final"],
  ])("%s, %s, %s: %s", ([code, credential, history, kind]) => {
    expect(errorKind(new TunnelError(code), credential === "another credential", history === "was open")).toBe(kind);
  });
});
