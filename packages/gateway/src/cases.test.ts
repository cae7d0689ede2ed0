import { describe, expect, test } from "vitest";
import {
  acceptedRequests,
  acceptedResponses,
  dialogues,
  IDENTITY,
  refusedRequests,
  refusedResponses,
  repairedResponses,
  type AcceptedResponse,
  type Dialogue,
  type OwnResponse,
  type Step,
} from "./cases.suite.js";
import { refusals } from "./http/index.js";
import { MemoryRelay } from "./memory-relay.suite.js";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_FORWARDED = `GET / HTTP/1.1\r\nHost: a\r\n${IDENTITY}\r\n`;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A request before the test case. Its connection to the origin closes, so that the case begins with a new one. */
const BEFORE = GET.replace("/", "/before");
const BEFORE_STEPS: ScenePart[] = [
  { origin_gets: GET_FORWARDED.replace("/", "/before") },
  { origin_sends: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nbefore" },
];
const BEFORE_ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbefore";

const AFTER_STEPS: Step[] = [
  { visitor_sends: GET.replace("/", "/after") },
  { origin_gets: GET_FORWARDED.replace("/", "/after") },
  { origin_sends: OK },
  { visitor_gets: OK },
];

/** The shortest body for a head. */
function bodyOf({ chunked, contentLength }: { chunked: boolean; contentLength: number }): string {
  return chunked ? "0\r\n\r\n" : "x".repeat(Math.max(0, contentLength));
}

const ENDLESS = 1_000_000;

const acceptedRequestDialogues = acceptedRequests.map(({ name, request, forwarded, says }): Dialogue => {
  if (says.contentLength > ENDLESS) {
    const steps = [{ visitor_sends: request }, { origin_gets: forwarded }];
    return { name, steps, visitor: "open", origin: "open" };
  }
  const body = bodyOf(says);
  const connection = says.keepAlive ? (says.versionMinor === 0 ? "keep-alive" : "") : "close";
  const answer = connection === "" ? OK : OK.replace("\r\n\r\n", `\r\nConnection: ${connection}\r\n\r\n`);
  const steps = [
    { visitor_sends: request + body },
    { origin_gets: forwarded + body },
    { origin_sends: OK },
    { visitor_gets: answer },
  ];
  return { name, steps, visitor: says.keepAlive ? "open" : "end", origin: "kept" };
});

const refusedRequestDialogues = refusedRequests.map(({ name, request, status, code }): Dialogue => {
  return {
    name,
    steps: [{ visitor_sends: request }, { visitor_gets: { status, code } }],
    visitor: "end",
    origin: "none",
  };
});

/** The steps of a request, until the origin has received it. */
function asked(method: string, offered: string): Step[] {
  const upgrade = offered === "" ? "" : `Connection: Upgrade\r\nUpgrade: ${offered}\r\n`;
  return [
    { visitor_sends: `${method} / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n` },
    { origin_gets: `${method} / HTTP/1.1\r\nHost: a\r\n${IDENTITY}${upgrade}\r\n` },
  ];
}

function answered({ name, method, offered, response, passed, says }: AcceptedResponse): Dialogue {
  const body =
    says.body === "none" ? "" : says.body === "close" ? "x" : bodyOf({ ...says, chunked: says.body === "chunked" });
  const interim = says.status < 200 && says.status !== 101;
  const steps: Step[] = [
    ...asked(method, offered),
    { origin_sends: response + body + (interim ? OK : "") },
    ...(says.body === "close" ? [{ origin_ends: "end" as const }] : []),
    { visitor_gets: passed + body + (interim ? OK : "") },
  ];
  if (says.status === 101) return { name, steps, visitor: "open", origin: "open" };
  return { name, steps, visitor: says.body === "close" ? "end" : "open", origin: says.keepAlive ? "kept" : "end" };
}

const acceptedResponseDialogues = acceptedResponses.map((row) => answered(row));

/** The connection of an origin that needs repairs is not used again. */
const repairedResponseDialogues = repairedResponses.map((row) =>
  answered({ ...row, says: { ...row.says, keepAlive: false } }),
);

const refusedResponseDialogues = refusedResponses.map(({ name, offered, response }): Dialogue => {
  const answer = { status: 502, code: "PN_ORIGIN_INVALID" };
  const steps = [...asked("GET", offered), { origin_sends: response }, { visitor_gets: answer }];
  return { name, steps, visitor: "open", origin: "reset" };
});

const CASES: Record<string, Dialogue[]> = {
  "a request that passes": acceptedRequestDialogues,
  "a request that is refused": refusedRequestDialogues,
  "a response that passes": acceptedResponseDialogues,
  "a response that is repaired": repairedResponseDialogues,
  "a response that is refused": refusedResponseDialogues,
  "a dialogue": dialogues,
};

/** The pieces in which the text of a step arrives. */
type Cut = (text: string, step: number) => string[];

const whole: Cut = (text) => [text];
const bytewise: Cut = (text) => text.split("");

/** A dialogue, perhaps after another request, whose response comes first. */
type ScenePart = Step | { visitor_gets_first: string };
type Scene = Omit<Dialogue, "steps"> & { steps: ScenePart[] };

/** The Date that the gateway adds to responses without one. The tables leave it out. */
const ADDED_DATE = /Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n/g;

/** Plays the dialogue, and compares every byte. */
function play({ steps, visitor, origin }: Scene, cut: Cut, way: string): void {
  const relay = new MemoryRelay();
  let received = "";
  const receive = (length?: number): string => {
    received += relay.visitor.take().replaceAll(ADDED_DATE, "");
    const taken = received.slice(0, length);
    received = received.slice(taken.length);
    return taken;
  };
  const compare = (who: string, got: unknown, expected: unknown): void =>
    expect(got, `${way}: ${who}`).toEqual(expected);
  for (const [index, step] of steps.entries()) {
    if ("visitor_sends" in step) {
      for (const piece of cut(step.visitor_sends, index)) relay.visitor.arrive(Buffer.from(piece, "latin1"));
    } else if ("origin_sends" in step) {
      for (const piece of cut(step.origin_sends, index)) relay.origin.send(Buffer.from(piece, "latin1"));
    } else if ("visitor_gets_first" in step) {
      compare("the first answer", receive(step.visitor_gets_first.length), step.visitor_gets_first);
    } else if ("visitor_ends" in step) relay.visitor.arrive("end");
    else if ("origin_ends" in step) relay.origin.finish(step.origin_ends);
    else if ("visitor_gets" in step) {
      const got = receive();
      const expected = step.visitor_gets;
      if (typeof expected === "string") compare("what the visitor gets", got, expected);
      else compare("the answer", ownResponse(got), expected);
    } else if ("origin_gets" in step) {
      compare("what the origin gets", withoutIdentity(relay.origin.take()), step.origin_gets);
    } else {
      const got = withoutIdentity(relay.origin.take());
      expect(step.origin_gets_part_of.startsWith(got), `${way}: the origin gets ${JSON.stringify(got)}`).toBe(true);
    }
    relay.visitor.pump();
  }
  compare("what the visitor gets besides", receive(), "");
  compare("what the origin gets besides", withoutIdentity(relay.origin.take()), "");
  const left = relay.origin.state;
  const dropped = origin === "dropped" && (left === "end" || left === "reset");
  compare("the connections", { visitor: relay.visitor.state, origin: dropped ? origin : left }, { visitor, origin });
  relay.close();
}

/**
 * Replaces the lines that describe the visitor, which only the gateway writes, with their placeholder in the tables.
 */
function withoutIdentity(text: string): string {
  return text.replaceAll(
    /X-Forwarded-For: 192\.0\.2\.1\r\nX-Forwarded-Proto: http\r\n(X-Forwarded-Host: [^\r]*\r\n)?X-Real-IP: 192\.0\.2\.1\r\nForwarded: for=192\.0\.2\.1;[^\r]*proto=http\r\nCDN-Loop: postern-[0-9a-f]{16}\r\nX-Request-Id: [0-9a-z]+-[0-9a-z]+\r\n/g,
    IDENTITY,
  );
}

/** Reads a response of the gateway itself, which has to be complete. */
function ownResponse(text: string): OwnResponse | string {
  const found =
    /^HTTP\/1\.1 (\d{3}) .*?\r\nContent-Length: (\d+)\r\n.*?\r\nPostern-Error: (\w+)\r\n.*?\r\n\r\n(.*)$/s.exec(text);
  if (found === null) return text;
  const [, status, length, code = "", body = ""] = found;
  return body === "" || body.length === Number(length) ? { status: Number(status), code } : text;
}

/** Positions at which a text is cut in two: all in a short one, both ends and some between in a long one. */
function positions(text: string): number[] {
  const all = Array.from({ length: Math.max(0, text.length - 1) }, (_, n) => n + 1);
  return text.length <= 800 ? all : all.filter((at) => at < 300 || at > text.length - 300 || at % 997 === 0);
}

for (const [what, cases] of Object.entries(CASES)) {
  describe(what, () => {
    test.each(cases)("$name", (dialogue) => {
      const { steps } = dialogue;
      play(dialogue, whole, "whole");
      const longest = Math.max(...steps.map((step) => sentIn(step).length));
      if (longest < 40_000) play(dialogue, bytewise, "in one-byte pieces");
      for (const [index, step] of steps.entries()) {
        for (const at of positions(sentIn(step))) {
          const cut: Cut = (text, n) => (n === index ? [text.slice(0, at), text.slice(at)] : [text]);
          play(dialogue, cut, `step ${index} cut at ${at}`);
        }
      }
      const behind = comesBehind(dialogue);
      play(behind, whole, "behind another request");
      play(behind, bytewise, "behind another request, in one-byte pieces");
      if (goesOn(dialogue))
        play({ ...dialogue, steps: [...steps, ...AFTER_STEPS], origin: "kept" }, whole, "before another");
    });
  });
}

function sentIn(step: Step): string {
  return "visitor_sends" in step ? step.visitor_sends : "origin_sends" in step ? step.origin_sends : "";
}

/** Whether the visitor can send another request afterwards. */
function goesOn({ steps, visitor, origin }: Dialogue): boolean {
  return visitor === "open" && origin !== "open" && !steps.some((step) => "visitor_ends" in step);
}

/** The same dialogue after a plain request that was sent together with it and must get its response first. */
function comesBehind({ steps, origin, ...rest }: Dialogue): Scene {
  const [first, ...others] = steps as [{ visitor_sends: string }, ...Step[]];
  const together = { visitor_sends: BEFORE + first.visitor_sends };
  const left = origin === "none" ? "end" : origin;
  return {
    ...rest,
    origin: left,
    steps: [together, ...BEFORE_STEPS, { visitor_gets_first: BEFORE_ANSWER }, ...others],
  };
}

describe("the tables", () => {
  const all = Object.values(CASES).flat();

  test("have at least 300 cases, each with a name of its own in its table", () => {
    expect(all.length).toBeGreaterThanOrEqual(300);
    for (const [what, cases] of Object.entries(CASES)) {
      expect(new Set(cases.map(({ name }) => name)).size, what).toBe(cases.length);
    }
  });

  test("have every refusal that bytes alone can cause", () => {
    const answers = all.flatMap(({ steps }) => steps.map((step) => ("visitor_gets" in step ? step.visitor_gets : "")));
    const seen = new Set(answers.map((answer) => (typeof answer === "string" ? "" : answer.code)));
    for (const { flaw } of refusedResponses) seen.add(flaw);
    expect(Object.keys(refusals).filter((code) => !seen.has(code))).toEqual(NOT_BY_BYTES);
  });
});

/** These need a clock, a configured limit, TLS, a step of a route, or a missing tunnel, route or target. */
const NOT_BY_BYTES = [
  "PN_HTTP_PLAIN",
  "PN_HTTP_BODY_TOO_LARGE",
  "PN_HTTP_HEAD_TIMEOUT",
  "PN_HTTP_BODY_TIMEOUT",
  "PN_HTTP_INSECURE",
  "PN_HTTP_MISDIRECTED",
  "PN_HTTP_HOST_UNKNOWN",
  "PN_ROUTE_UNKNOWN",
  "PN_ROUTE_METHOD",
  "PN_ROUTE_MAINTENANCE",
  "PN_ROUTE_PATH",
  "PN_FILE_UNKNOWN",
  "PN_FILE_CONDITION",
  "PN_FILE_RANGE",
  "PN_FILE_UNREADABLE",
  "PN_FILE_CHANGED",
  "PN_ACCESS_ADDRESS",
  "PN_ACCESS_LIST",
  "PN_ACCESS_RATE",
  "PN_ACCESS_CONCURRENT",
  "PN_ACCESS_CERTIFICATE_MISSING",
  "PN_ACCESS_CERTIFICATE_INVALID",
  "PN_ACCESS_CERTIFICATE_NAME",
  "PN_ACCESS_CERTIFICATE_LIST",
  "PN_ACCESS_PASSWORD",
  "PN_ACCESS_TOKEN",
  "PN_ACCESS_ISSUER",
  "PN_ACCESS_SERVICE",
  "PN_ACCESS_FAILURES",
  "PN_ACCESS_BUSY",
  "PN_ACCESS_LOGIN",
  "PN_ACCESS_INSECURE",
  "PN_ACCESS_HOST",
  "PN_ACCESS_BODIES",
  "PN_ACCESS_PASSWORD_PAGE",
  "PN_ACCESS_ORIGIN",
  "PN_ACCESS_LOGIN_EXPIRED",
  "PN_ACCESS_LOGIN_FAILED",
  "PN_ACCESS_ACCOUNT",
  "PN_ACCESS_PROVIDER",
  "PN_ACCESS_LOGINS",
  "PN_ACCESS_SIGNATURE",
  "PN_ACCESS_CHANGED",
  "PN_ACCESS_TIMEOUT",
  "PN_TUNNEL_UNKNOWN",
  "PN_TUNNEL_PATH",
  "PN_TUNNEL_RATE",
  "PN_TUNNEL_CONNECTIONS",
  "PN_TUNNEL_AWAY",
  "PN_TUNNEL_OFFLINE",
  "PN_OVERLOADED",
  "PN_ORIGIN_REFUSED",
  "PN_ORIGIN_UNTRUSTED",
  "PN_ORIGIN_SCHEME",
  "PN_ORIGIN_LOOP",
  "PN_ORIGIN_TIMEOUT",
  "PN_TARGET_REFUSED",
  "PN_TARGET_UNTRUSTED",
  "PN_TARGET_SCHEME",
  "PN_TARGET_BROKEN",
  "PN_TARGETS_DOWN",
  "PN_TARGET_TIMEOUT",
];
