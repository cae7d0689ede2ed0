import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import { SYSTEM_CLOCK } from "../../deadlines/clock.js";
import { FakeClock } from "../../deadlines/fake-clock.suite.js";
import { outcome, stepRequest } from "../step-requests.suite.js";
import { AddressStep, type AddressOptions } from "./address-step.js";

const LIST = "https://lists.example/bad.txt";
const REFUSED = "403 PN_ACCESS_ADDRESS";
const UNKNOWN = "503 PN_ACCESS_LIST";

/** A step whose lists the test answers, on a clock that stands still. */
class Polled {
  readonly clock = new FakeClock();
  readonly warnings: string[] = [];
  /** Fetches that were not answered. */
  readonly asked: PromiseWithResolvers<string>[] = [];
  step: AddressStep;

  constructor(options: Partial<AddressOptions>) {
    this.step = this.create(options);
  }

  create(options: Partial<AddressOptions>): AddressStep {
    const fetch = (): Promise<string> => {
      const answer = Promise.withResolvers<string>();
      this.asked.push(answer);
      return answer.promise;
    };
    const onWarning = (text: string): void => void this.warnings.push(text);
    return new AddressStep({ deny: [], ...options }, { clock: this.clock, fetch, onWarning });
  }

  of(address: string): string {
    return outcome(this.step.check(stepRequest({ address })));
  }

  async answer(text: string | Error): Promise<void> {
    const asked = this.asked.shift()!;
    if (typeof text === "string") asked.resolve(text);
    else asked.reject(text);
    await new Promise(setImmediate);
  }
}

describe("a list at a URL", () => {
  test("of denied addresses admits nobody before it is known, and then all others", async () => {
    const polled = new Polled({ deny: [LIST, "192.0.2.1"] });
    expect([polled.of("192.0.2.1"), polled.of("10.0.0.1")]).toEqual([REFUSED, UNKNOWN]);
    await polled.answer("# bad\n10.0.0.0/8\r\n");
    expect([polled.of("10.0.0.1"), polled.of("11.0.0.1"), polled.of("::1")]).toEqual([REFUSED, "admitted", "admitted"]);
  });

  test("of allowed addresses admits before it is known only those that the option itself names", async () => {
    const polled = new Polled({ allow: [LIST, "192.0.2.1"] });
    expect([polled.of("192.0.2.1"), polled.of("10.0.0.1")]).toEqual(["admitted", UNKNOWN]);
    await polled.answer("10.0.0.0/8");
    expect([polled.of("10.0.0.1"), polled.of("11.0.0.1")]).toEqual(["admitted", REFUSED]);
  });

  test("is not cleared by an empty response, but by a list with nothing but a comment", async () => {
    const polled = new Polled({ deny: [LIST] });
    await polled.answer("10.0.0.0/8");
    for (const empty of ["", " \r\n\n"]) {
      polled.clock.pass(300_000);
      await polled.answer(empty);
      expect(polled.of("10.0.0.1")).toBe(REFUSED);
    }
    expect(polled.warnings).toEqual([expect.stringMatching(/the response is empty\. The previous list stays in use/)]);
    polled.clock.pass(300_000);
    await polled.answer("# nobody\n");
    expect(polled.of("10.0.0.1")).toBe("admitted");
    const empty = new Polled({ deny: [LIST] });
    await empty.answer("");
    expect([empty.of("10.0.0.1"), empty.warnings]).toEqual(["admitted", []]);
  });

  test("is polled every 5 minutes; one that cannot be read leaves the last, and is asked for again sooner", async () => {
    const polled = new Polled({ deny: [LIST] });
    await polled.answer("10.0.0.1");
    polled.clock.pass(299_999);
    expect(polled.asked).toHaveLength(0);
    polled.clock.pass(1);
    await polled.answer(new Error("it is down"));
    expect(polled.of("10.0.0.1")).toBe(REFUSED);
    expect(polled.warnings).toEqual([
      `The addresses at ${LIST} cannot be read: it is down. The previous list stays in use.`,
    ]);
    polled.clock.pass(5_000);
    await polled.answer("10.0.0.2\nexample.com\n");
    expect([polled.of("10.0.0.1"), polled.of("10.0.0.2")]).toEqual([REFUSED, "admitted"]);
    polled.clock.pass(10_000);
    await polled.answer("10.0.0.3");
    expect([polled.of("10.0.0.1"), polled.of("10.0.0.3")]).toEqual(["admitted", REFUSED]);
    expect(polled.warnings).toHaveLength(1);
    polled.clock.pass(300_000);
    await polled.answer(new Error("again"));
    expect(polled.warnings).toHaveLength(2);
  });

  test("waits longer after each failure, up to 5 minutes", async () => {
    const polled = new Polled({ deny: [LIST] });
    for (const wait of [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      await polled.answer(new Error("it is down"));
      polled.clock.pass(wait - 1);
      expect(polled.asked).toHaveLength(0);
      polled.clock.pass(1);
      expect(polled.asked).toHaveLength(1);
    }
  });

  test("is kept over a reload without a gap, and the former step stops", async () => {
    const polled = new Polled({ deny: [LIST] });
    await polled.answer("10.0.0.1");
    const former = polled.step;
    polled.step = polled.create({ deny: [LIST, "10.0.0.9"] });
    polled.step.inherit(former);
    former.close();
    expect([polled.of("10.0.0.1"), polled.of("10.0.0.2")]).toEqual([REFUSED, "admitted"]);
    await polled.answer("10.0.0.2");
    expect(polled.clock.running).toBe(1);
    polled.step.close();
    expect(polled.clock.running).toBe(0);
  });

  test("that answers after its step was closed starts nothing", async () => {
    const polled = new Polled({ deny: [LIST] });
    polled.step.close();
    await polled.answer("10.0.0.1");
    expect(polled.clock.running).toBe(0);
    const failing = new Polled({ deny: [LIST] });
    failing.step.close();
    await failing.answer(new Error("closed"));
    expect([failing.clock.running, failing.warnings.length]).toEqual([0, 0]);
  });

  test("is fetched by HTTP, and may be large", async () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    let status = 500;
    const server = createServer((_, outgoing) => outgoing.writeHead(status).end(lines.join("\n")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const warnings: string[] = [];
    const create = (): AddressStep =>
      new AddressStep({ deny: [url] }, { clock: SYSTEM_CLOCK, onWarning: (text) => void warnings.push(text) });
    const failing = create();
    await until("the warning", () => warnings.length > 0);
    expect(warnings[0]).toContain("the response has the status 500. Visitors get 503");
    failing.close();
    status = 200;
    const step = create();
    const of = (address: string): string => outcome(step.check({ address }));
    await until("the list", () => of("11.0.0.1") === "admitted");
    expect([of("10.0.0.1"), of("10.1.134.159"), of("10.1.134.160")]).toEqual([REFUSED, REFUSED, "admitted"]);
    step.close();
  });
});
