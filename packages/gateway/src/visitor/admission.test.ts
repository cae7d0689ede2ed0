import { describe, expect, test } from "vitest";
import { DENIED, QuickStep, SlowStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import { Steps } from "../middleware/chain/steps.js";
import { editing, guarded } from "./guarded-visits.suite.js";
import { Visit } from "./visits.suite.js";

const GET = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
const UPLOAD = "POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n";
const CHUNKED = "POST /up HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SWITCHED = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";

/** The statuses of the responses that the visitor got since the last call. */
function statuses(visit: Visit): string[] {
  return [...visit.connection.take().matchAll(/HTTP\/1\.1 ([0-9]+) /g)].map(([, status]) => status!);
}

/** A number of requests that are not over. */
class Counted {
  held = 0;
  readonly step = new QuickStep((request) => {
    this.held++;
    request.hold({ release: () => void this.held-- });
    return undefined;
  });
}

describe("steps that decide at once", () => {
  test("see the request in their order, and let it pass within the turn in which it arrived", () => {
    const order: string[] = [];
    const named = (name: string): QuickStep =>
      new QuickStep(() => {
        order.push(name);
        return undefined;
      });
    const first = named("first");
    const visit = guarded(first, named("second"));
    visit.send(GET);
    expect(order).toEqual(["first", "second"]);
    expect(first.seen).toEqual([{ method: "GET", host: "a.test", path: "/a", address: "192.0.2.1" }]);
    expect(visit.upstream.stream.text).toMatch(/^GET \/a HTTP\/1\.1\r\n/);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test("respond in place of the route: nothing is dialled, and later steps are not asked", () => {
    const later = new QuickStep();
    const visit = guarded(new QuickStep(() => DENIED), later);
    visit.send(GET);
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 403 [^]*\r\n\r\ndenied$/);
    expect(visit.upstream.streams).toHaveLength(0);
    expect(later.seen).toHaveLength(0);
    expect(visit.upstream.finished).toEqual([{ status: 403, bytesIn: 0, bytesOut: 0 }]);
    visit.send(GET);
    expect(statuses(visit)).toEqual(["403"]);
  });

  test("respond before the body: the connection closes, and the body is dropped", () => {
    const visit = guarded(new QuickStep(() => DENIED));
    visit.send(`${UPLOAD}0123`);
    expect(visit.connection.take()).toMatch(/\r\nConnection: close\r\n/);
    visit.send("456789GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect(statuses(visit)).toEqual([]);
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test("change the fields that the target gets, in place of those of the visitor in any spelling", () => {
    const visit = guarded(
      editing({ names: ["authorization"], lines: "Authorization: Bearer ours\r\n" }),
      editing({ names: ["x-user"], lines: "X-User: me\r\n" }),
    );
    const fields = "AUTHORIZATION: theirs\r\nX_User: theirs\r\nX-User: theirs\r\nX-Other: kept\r\n";
    visit.send(`GET / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`);
    const { text } = visit.upstream.stream;
    expect(text).not.toMatch(/theirs/);
    for (const line of ["X-Other: kept", "Authorization: Bearer ours", "X-User: me"])
      expect(text.split("\r\n").filter((each) => each === line)).toHaveLength(1);
    visit.respond(OK);
    delete visit.upstream.route.steps;
    visit.upstream.stream.text = "";
    visit.send(`GET / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`);
    expect(visit.upstream.stream.text).toMatch(/AUTHORIZATION: theirs\r\n[^]*X-User: theirs\r\n/);
    expect(visit.upstream.stream.text).not.toMatch(/ours|X-User: me/);
  });

  test("change the fields of a request that is sent again", () => {
    const visit = guarded(editing({ names: ["x-user"], lines: "X-User: me\r\n" }));
    visit.send(`GET / HTTP/1.1\r\nHost: a.test\r\nX-User: theirs\r\n\r\n`);
    visit.upstream.stream.break({ cause: "broken", delivered: 0 });
    expect(visit.upstream.streams).toHaveLength(2);
    expect(visit.upstream.stream.text).toMatch(/X-User: me\r\n/);
    expect(visit.upstream.stream.text).not.toMatch(/theirs/);
  });

  test("admit a request only to their own route: it is not sent again where others are in force", () => {
    let steps: Steps | undefined = stepsOf(new QuickStep());
    const visit: Visit = new Visit({}, () => ({ ...visit.upstream.route, steps }));
    visit.send(GET);
    steps = stepsOf(new QuickStep(() => DENIED));
    visit.upstream.stream.break({ cause: "broken", delivered: 0 });
    expect(visit.upstream.streams).toHaveLength(1);
    expect(statuses(visit)).toEqual(["503"]);
  });

  test("an error in a step closes the connection, and nothing is sent on", () => {
    const visit = guarded(
      new QuickStep(() => {
        throw new Error("broken step");
      }),
    );
    visit.faults = [];
    visit.send(GET);
    expect(visit.faults).toEqual([new Error("broken step")]);
    expect(visit.connection.state).toBe("reset");
    expect(visit.upstream.streams).toHaveLength(0);
  });
});

describe("what a request holds is released when it is over:", () => {
  const endings: [string, (visit: Visit) => void][] = [
    ["its response is complete", (visit) => visit.respond(OK)],
    ["the origin breaks the response off", (visit) => visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")],
    ["the visitor leaves", (visit) => visit.connection.destroy()],
    ["the visitor half-closes", (visit) => visit.connection.arrive("end")],
    ["the origin does not respond in time", (visit) => visit.visitor.exchange?.timeOut()],
  ];

  test.each(endings)("%s", (name, end) => {
    const counted = new Counted();
    const visit = guarded(counted.step);
    visit.send(GET);
    expect(counted.held).toBe(1);
    end(visit);
    if (name.includes("breaks")) visit.upstream.stream.break({ cause: "broken", delivered: -1 });
    if (name.includes("half-closes")) visit.connection.destroy();
    visit.connection.pump();
    expect(counted.held).toBe(0);
  });

  test("a later step refuses it", () => {
    const counted = new Counted();
    const visit = guarded(counted.step, new QuickStep(() => DENIED));
    visit.send(GET + GET);
    expect(statuses(visit)).toEqual(["403", "403"]);
    expect(counted.held).toBe(0);
  });

  test("an upgraded connection closes, and not before", () => {
    const counted = new Counted();
    const visit = guarded(counted.step);
    visit.send(UPGRADE);
    visit.respond(SWITCHED);
    visit.pass(60_000);
    expect(counted.held).toBe(1);
    visit.connection.destroy();
    visit.connection.pump();
    expect(counted.held).toBe(0);
  });

  test("several requests of one connection, one after the other", () => {
    const counted = new Counted();
    const visit = guarded(counted.step);
    visit.send(GET + GET + GET);
    for (let n = 0; n < 3; n++) {
      expect(counted.held).toBe(1);
      visit.respond(OK);
    }
    expect(counted.held).toBe(0);
  });
});

describe("a step that waits", () => {
  test("holds the request back, and lets it pass with the head that arrived", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    // The bytes of a chunk change after the call; the head is read at another position than the first.
    visit.send(`\r\n${GET}`);
    expect(visit.upstream.streams).toHaveLength(0);
    expect(step.requests[0]!.path).toBe("/a");
    await step.decide();
    expect(visit.upstream.stream.text).toMatch(/^GET \/a HTTP\/1\.1\r\nHost: a\.test\r\n/);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test("responds in place of the route, and the connection goes on", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.send(GET);
    await step.decide(DENIED);
    expect(statuses(visit)).toEqual(["403"]);
    expect(visit.upstream.finished).toEqual([{ status: 403, bytesIn: 0, bytesOut: 0 }]);
    visit.send(GET);
    await step.decide();
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test.each([
    ["of known length", `${UPLOAD}0123`, "456789", "0123456789"],
    ["of known length, later", UPLOAD, "0123456789", "0123456789"],
    ["in chunks", `${CHUNKED}4\r\n0123\r\n`, "6\r\n456789\r\n0\r\n\r\n", "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"],
  ])("holds an early body back by not reading it: %s", async (_, early, rest, whole) => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.send(early);
    expect(visit.connection.isPaused).toBe(true);
    visit.send(rest);
    visit.pass(5_000);
    expect(visit.upstream.streams).toHaveLength(0);
    await step.decide();
    visit.connection.pump();
    expect(visit.upstream.stream.text.split("\r\n\r\n").slice(1).join("\r\n\r\n")).toBe(whole);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
    visit.send(GET);
    await step.decide();
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test("drops an early body of a request that it refuses, and closes the connection", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.send(`${UPLOAD}0123`);
    await step.decide(DENIED);
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 403 [^]*Connection: close/);
    expect(visit.connection.state).toBe("end");
  });

  test("holds the next requests of the connection back, too", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.send(GET + GET);
    visit.send(GET);
    expect(step.requests).toHaveLength(1);
    for (let n = 1; n <= 3; n++) {
      expect(step.requests).toHaveLength(n);
      await step.decide();
      visit.respond(OK);
    }
    expect(statuses(visit)).toEqual(["200", "200", "200"]);
  });

  test("may wait for 15 seconds", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.send(GET);
    const [signal] = step.signals;
    const passed = visit.timeUntil(() => statuses(visit).includes("503"), 20_000);
    expect(passed).toBeGreaterThanOrEqual(15_000);
    expect(passed).toBeLessThan(15_100);
    expect(signal!.aborted).toBe(true);
    expect(visit.upstream.ends).toEqual(["refused PN_ACCESS_TIMEOUT"]);
    await step.decide();
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test.each(["leaves", "half-closes"])("stops when the visitor %s", async (how) => {
    const step = new SlowStep();
    const later = new QuickStep();
    const visit = guarded(step, later);
    visit.send(GET);
    if (how === "leaves") visit.connection.destroy();
    visit.connection.arrive("end");
    expect(step.signals[0]!.aborted).toBe(true);
    expect(visit.upstream.ends).toEqual(["visitor_left"]);
    await step.decide();
    expect(later.seen).toHaveLength(0);
    expect(visit.upstream.streams).toHaveLength(0);
    expect(visit.deadlines.size).toBe(how === "leaves" ? 0 : 1);
  });

  test("does not disturb the next request if it decides after its time", async () => {
    const slow = new SlowStep();
    const visit = guarded(slow);
    visit.send(GET);
    visit.pass(16_000);
    const [stale] = slow.requests;
    expect(statuses(visit)).toEqual(["503"]);
    const counted = new Counted();
    visit.upstream.route.steps = stepsOf(counted.step);
    visit.send(GET);
    stale!.edit({ names: ["host"], lines: "X-User: stale\r\n" });
    let released = 0;
    stale!.hold({ release: () => void released++ });
    expect([released, counted.held]).toEqual([1, 1]);
    await slow.decide(DENIED);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
    expect(visit.upstream.stream.text).not.toMatch(/stale/);
  });

  test.each(["others", "none"])("is not enough if the route has %s by then: the request is refused", async (which) => {
    const slow = new SlowStep();
    const visit = guarded(slow);
    visit.send(GET);
    visit.upstream.route.steps = which === "none" ? undefined : stepsOf(new QuickStep(() => DENIED));
    await slow.decide();
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 503 [^]*PN_ACCESS_CHANGED/);
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test("is not enough if its steps were replaced by then, also as a part of others: the request is refused", async () => {
    const slow = new SlowStep();
    const visit = guarded(slow);
    const own = visit.upstream.route.steps!;
    for (const steps of [own, Steps.both(own, stepsOf(new QuickStep()))]) {
      visit.upstream.route.steps = steps;
      visit.send(GET);
      own.markReplaced();
      await slow.decide();
      expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 503 [^]*PN_ACCESS_CHANGED/);
    }
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test("is followed by the steps after it", async () => {
    const slow = new SlowStep();
    const second = new SlowStep();
    const last = new QuickStep(() => DENIED);
    const visit = guarded(slow, second, last);
    visit.send(GET);
    await slow.decide();
    expect([second.requests.length, last.seen.length]).toEqual([1, 0]);
    await second.decide();
    expect(last.seen).toHaveLength(1);
    expect(statuses(visit)).toEqual(["403"]);
  });

  test("closes the connection if it fails", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.faults = [];
    visit.send(GET);
    await step.fail(new Error("broken step"));
    expect(visit.faults).toEqual([new Error("broken step")]);
    expect(visit.connection.state).toBe("reset");
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test("does not count as time of the origin", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.upstream.route.limits = { answer: 2_000, idle: 0, body: 0 };
    visit.send(GET);
    visit.pass(10_000);
    await step.decide();
    visit.pass(1_900);
    visit.respond(OK);
    expect(statuses(visit)).toEqual(["200"]);
  });

  test("leaves streaming in both directions as it is", async () => {
    const step = new SlowStep();
    const visit = guarded(step);
    visit.send(UPGRADE);
    await step.decide();
    visit.respond(SWITCHED);
    visit.send("to the origin");
    visit.respond("to the visitor");
    expect(visit.upstream.stream.text).toMatch(/\r\n\r\nto the origin$/);
    expect(visit.connection.take()).toMatch(/\r\n\r\nto the visitor$/);
  });
});
