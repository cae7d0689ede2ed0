import { describe, expect, test } from "vitest";
import type { FilteredHead, ResponseFilter } from "../../filters/response-filter.js";
import type { StepRequest } from "../step.js";
import { ServerTimingStep } from "./server-timing-step.js";

/** The lines that the step adds to the response of a request that is 4 ms old, 20.25 ms after the step. */
function added(visitor: { principal?: string; address?: string }, options: { hasOrigin?: boolean } = {}): string[] {
  let now = 1_004;
  const step = new ServerTimingStep(
    { addresses: ["10.0.0.0/8", "2001:db8::1"], hasOrigin: true, ...options },
    () => now,
  );
  const filters: ResponseFilter[] = [];
  const { principal, address = "192.0.2.1" } = visitor;
  const filter = (given: ResponseFilter): void => void filters.push(given);
  expect(step.check({ principal, address, startedAt: 1_000, filter } as unknown as StepRequest)).toBeUndefined();
  now += 20.25;
  const lines: string[] = [];
  const head = { add: (line: string) => void lines.push(line) } as unknown as FilteredHead;
  for (const each of filters) expect(each.begin(head)).toBeUndefined();
  return lines;
}

describe("Server-Timing", () => {
  test.for([
    ["a visitor who has logged in", { principal: "ann" }],
    ["a listed network", { address: "10.1.2.3" }],
    ["a listed address", { address: "2001:db8::1" }],
  ] as const)("%s learns the times of the gateway and of the target", ([, visitor]) => {
    expect(added(visitor)).toEqual(["Server-Timing: gateway;dur=4.0, origin;dur=20.3"]);
  });

  test("a stranger learns nothing", () => expect(added({})).toEqual([]));

  test("there is no time of a target where there is none", () => {
    expect(added({ principal: "ann" }, { hasOrigin: false })).toEqual(["Server-Timing: gateway;dur=4.0"]);
  });

  test("an address that is none is refused", () => {
    expect(() => new ServerTimingStep({ addresses: ["here"], hasOrigin: true })).toThrow(RangeError);
  });
});
