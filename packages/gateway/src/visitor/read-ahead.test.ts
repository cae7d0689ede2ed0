import { afterEach, describe, expect, test } from "vitest";
import { BODY_QUOTA, BODY_QUOTA_LIMITS, BodyQuota } from "../bodies/body-quota.js";
import { DENIED, QuickStep, SlowStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import type { Step, StepRequest, Verdict } from "../middleware/step.js";
import { Visit } from "./visits.suite.js";

const HEAD = "POST /hook HTTP/1.1\r\nHost: a.test\r\n";
const LENGTH = `${HEAD}Content-Length: 10\r\n\r\n0123456789`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\nX-After: 1\r\n\r\n`;
const GET = "GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** A step that reads bodies. */
class BodyStep implements Step {
  readonly name = "body";
  readonly bodies: string[] = [];
  readonly ends: unknown[] = [];
  readonly #most: number;
  readonly #decide: (body: string) => Verdict;

  constructor(most = 100, decide: (body: string) => Verdict = () => undefined) {
    this.#most = most;
    this.#decide = decide;
  }

  async check(request: StepRequest): Promise<Verdict> {
    try {
      const body = (await request.readBody(this.#most)).toString("latin1");
      this.bodies.push(body);
      return this.#decide(body);
    } catch (error) {
      this.ends.push(error);
      throw error;
    }
  }
}

const visits: Visit[] = [];

afterEach(() => {
  for (const { connection } of visits.splice(0)) {
    connection.destroy();
    connection.pump();
  }
  expect(BODY_QUOTA.used).toBe(0);
});

function guarded(...steps: Step[]): Visit {
  const visit = new Visit();
  visits.push(visit);
  visit.upstream.route.steps = stepsOf(...steps);
  return visit;
}

const settled = (): Promise<void> => new Promise(setImmediate);

function statuses(visit: Visit): string[] {
  return [...visit.connection.take().matchAll(/HTTP\/1\.1 ([0-9]+) /g)].map(([, status]) => status!);
}

/** The bytes after the head that the origin got. */
function bodyAtOrigin(visit: Visit): string {
  const { text } = visit.upstream.stream;
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

describe("a step that reads the body", () => {
  test.each([
    ["with a length", LENGTH],
    ["in chunks", CHUNKED],
  ])("gets the content of one %s, and the origin gets it as it came, wherever it is cut", async (_, request) => {
    const sent = request.slice(request.indexOf("\r\n\r\n") + 4);
    for (let cut = 1; cut <= request.length; cut++) {
      const step = new BodyStep();
      const visit = guarded(step);
      visit.send(request.slice(0, cut));
      if (cut < request.length) {
        await settled();
        expect(visit.upstream.streams, `cut at ${cut}`).toHaveLength(0);
        visit.send(request.slice(cut));
      }
      await settled();
      expect(step.bodies, `cut at ${cut}`).toEqual(["0123456789"]);
      expect(bodyAtOrigin(visit)).toBe(sent);
      visit.respond(OK);
      expect(statuses(visit)).toEqual(["200"]);
      expect(visit.upstream.finished.at(-1)).toEqual({ status: 200, bytesIn: 10, bytesOut: 2 });
    }
  });

  test("gets it byte by byte, and the request behind it waits", async () => {
    const step = new BodyStep();
    const visit = guarded(step);
    for (const letter of `${CHUNKED}${GET}`) visit.send(letter);
    await settled();
    visit.connection.pump();
    expect(step.bodies).toEqual(["0123456789"]);
    expect(visit.upstream.streams).toHaveLength(1);
    visit.respond(OK);
    await settled();
    visit.connection.pump();
    expect(step.bodies).toEqual(["0123456789", ""]);
    expect(visit.upstream.stream.text).toMatch(/GET \/next HTTP\/1\.1\r\n/);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200", "200"]);
  });

  test.each([GET, `${HEAD}Content-Length: 0\r\n\r\n`])(
    "gets an empty one for a request without a body",
    async (request) => {
      const step = new BodyStep();
      const visit = guarded(step);
      visit.send(request);
      await settled();
      expect(step.bodies).toEqual([""]);
      visit.respond(OK);
      expect(statuses(visit)).toEqual(["200"]);
    },
  );

  test("may come after one that waited", async () => {
    const [slow, step] = [new SlowStep(), new BodyStep()];
    const visit = guarded(slow, step);
    visit.send(LENGTH.slice(0, -4));
    visit.send(LENGTH.slice(-4));
    await slow.decide();
    visit.connection.pump();
    await settled();
    expect(step.bodies).toEqual(["0123456789"]);
    expect(bodyAtOrigin(visit)).toBe("0123456789");
  });

  test("decides before anything reaches the origin", async () => {
    const later = new QuickStep();
    const visit = guarded(new BodyStep(100, (body) => (body === "0123456789" ? DENIED : undefined)), later);
    visit.send(LENGTH);
    await settled();
    expect(statuses(visit)).toEqual(["403"]);
    expect([visit.upstream.streams.length, later.seen.length]).toEqual([0, 0]);
    expect(BODY_QUOTA.used).toBe(0);
  });

  test("admits it to a target that cannot be reached: its body is not taken for another request", async () => {
    const visit = guarded(new BodyStep());
    visit.upstream.unavailable = "gone";
    visit.send(LENGTH + LENGTH.replace("0123456789", "abcdefghij"));
    await settled();
    visit.connection.pump();
    await settled();
    expect(statuses(visit)).toEqual(["503"]);
    expect(visit.upstream.streams).toHaveLength(0);
  });
});

describe("100 Continue", () => {
  const expects = LENGTH.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");

  test("is sent by the gateway, once, and the origin is not asked for it", async () => {
    const visit = guarded(new BodyStep());
    visit.send(expects.slice(0, -10));
    expect(visit.connection.take()).toBe(CONTINUE);
    visit.send(expects.slice(-10));
    await settled();
    expect(visit.upstream.stream.text).not.toMatch(/expect/i);
    expect(bodyAtOrigin(visit)).toBe("0123456789");
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test("is not sent for a body that is too large", async () => {
    const visit = guarded(new BodyStep(9));
    visit.send(expects.slice(0, -10));
    await settled();
    expect(statuses(visit)).toEqual(["413"]);
  });
});

describe("a body is refused", () => {
  test.each([
    ["with a length above the limit, before it is read", LENGTH.slice(0, -10)],
    ["in chunks above the limit", CHUNKED],
    [
      "with more framing than content",
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n${`1;${"x".repeat(250)}\r\na\r\n`.repeat(17)}`,
    ],
  ])("%s", async (name, request) => {
    const step = new BodyStep(name.includes("framing") ? 20 : 9);
    const visit = guarded(step);
    visit.send(request);
    await settled();
    expect(statuses(visit)).toEqual(["413"]);
    expect(visit.upstream.ends).toEqual(["refused PN_HTTP_BODY_TOO_LARGE"]);
    expect([step.ends.length, visit.upstream.streams.length, BODY_QUOTA.used]).toEqual([1, 0, 0]);
    visit.send("more of it");
    expect(visit.connection.isPaused).toBe(false);
  });

  test("with chunks that are malformed", async () => {
    const visit = guarded(new BodyStep());
    visit.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\nx`);
    await settled();
    expect(visit.upstream.ends).toEqual(["refused PN_HTTP_CHUNK"]);
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test("that does not arrive within 15 seconds, however steadily", async () => {
    const step = new BodyStep();
    const visit = guarded(step);
    visit.send(LENGTH.slice(0, -10));
    for (let n = 0; n < 9; n++) {
      visit.pass(1_500);
      visit.send(String(n));
    }
    expect(statuses(visit)).toEqual([]);
    visit.pass(1_600);
    await settled();
    expect(statuses(visit)).toEqual(["408"]);
    expect(visit.upstream.ends).toEqual(["refused PN_HTTP_BODY_TIMEOUT"]);
    expect([step.ends.length, BODY_QUOTA.used]).toEqual([1, 0]);
  });

  test("above the limit of its route, although the step would read it", async () => {
    const visit = guarded(new BodyStep());
    visit.upstream.route.limits = { answer: 0, idle: 0, body: 9 };
    visit.send(CHUNKED);
    await settled();
    expect(statuses(visit)).toEqual(["413"]);
  });

  test("when the visitor leaves: the step notices it", async () => {
    const step = new BodyStep();
    const visit = guarded(step);
    visit.send(LENGTH.slice(0, -1));
    visit.connection.destroy();
    visit.connection.pump();
    await settled();
    expect([step.ends.length, visit.upstream.ends]).toEqual([1, ["visitor_left"]]);
    expect(BODY_QUOTA.used).toBe(0);
  });
});

test("a visitor cannot use all of the memory for bodies, and gets 503 beyond its part", async () => {
  const begunVisits: Visit[] = [];
  const megabyte = "x".repeat(1024 * 1024);
  const begun = `${HEAD}Content-Length: ${2 * megabyte.length}\r\n\r\n${megabyte}`;
  // A body is kept twice.
  const most = BODY_QUOTA_LIMITS.visitor / (2 * megabyte.length);
  for (let n = 0; n < most; n++) {
    const visit = guarded(new BodyStep(4 * megabyte.length));
    visit.send(begun);
    begunVisits.push(visit);
  }
  expect(begunVisits.flatMap(statuses)).toEqual([]);
  expect(BODY_QUOTA.used).toBe(BODY_QUOTA_LIMITS.visitor);
  const beyond = guarded(new BodyStep());
  beyond.send(LENGTH.slice(0, -1));
  expect(statuses(beyond)).toEqual(["503"]);
  expect(beyond.upstream.ends).toEqual(["refused PN_ACCESS_BODIES"]);
  const [first] = begunVisits;
  first!.send("x");
  expect(statuses(first!)).toEqual(["503"]);
});

test("many visitors cannot use more than the memory for bodies", () => {
  const quota = new BodyQuota({ total: 10, visitor: 4, owner: 6, ownerLeast: 2 });
  const take = (visitor: string, bytes: number, owner?: string): boolean => quota.take({ visitor, owner }, bytes);
  expect(["a", "b", "c"].map((visitor) => take(visitor, 3))).toEqual([true, true, true]);
  expect([take("a", 2), take("d", 2), take("d", 1)]).toEqual([false, false, true]);
  // An owner of tunnels gets a little even now.
  expect([take("e", 2, "ann"), take("f", 1, "ann"), take("f", 1, "bob")]).toEqual([true, false, true]);
  for (const [visitor, bytes, owner] of [
    ["e", 2, "ann"],
    ["f", 1, "bob"],
    ["a", 3],
    ["b", 3],
    ["c", 3],
  ] as const)
    quota.give({ visitor, owner }, bytes);
  expect([quota.used, take("b", 4, "ann"), take("c", 3, "ann"), take("c", 2, "ann")]).toEqual([1, true, false, true]);
});
