import { describe, expect, test } from "vitest";
import { fixedRandom } from "../balance/balance.suite.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { BreakerTwin } from "./breaker-twin.suite.js";
import { CircuitBreaker, type BreakerOptions, type BreakerState } from "./circuit-breaker.js";
import { Epochs } from "./epochs.js";

const OPTIONS: BreakerOptions = {
  failures: 3,
  window: 10_000,
  minRequests: 3,
  ratio: 0.5,
  recovery: 5_000,
  successes: 2,
};

class Circuit {
  readonly clock = new FakeClock();
  readonly epochs = new Epochs();
  readonly changes: BreakerState[] = [];
  readonly breaker: CircuitBreaker;

  constructor(options: Partial<BreakerOptions> = {}) {
    this.breaker = new CircuitBreaker({ ...OPTIONS, ...options }, this.clock, this.epochs);
  }

  /** An attempt begins. @returns its epoch */
  begin(): number {
    this.#note(this.breaker.onBegin());
    return this.epochs.current;
  }

  /** Attempts that begin and end at once. */
  send(...results: boolean[]): void {
    for (const result of results) this.#note(this.breaker.onResult(result, this.begin(), this.clock.now()));
  }

  #note(hasChanged: boolean): void {
    if (hasChanged) this.changes.push(this.breaker.state);
  }
}

describe("a circuit breaker", () => {
  test("opens after failures within its window, and closes after successful tests", () => {
    const circuit = new Circuit();
    circuit.send(false, false);
    expect(circuit.breaker.admits).toBe(true);
    circuit.send(false);
    expect([circuit.breaker.state, circuit.breaker.admits, circuit.breaker.retryIn]).toEqual(["open", false, 5_000]);
    circuit.clock.pass(5_000);
    expect([circuit.breaker.state, circuit.breaker.admits]).toEqual(["half_open", true]);
    circuit.send(true, true);
    expect([circuit.breaker.state, circuit.changes]).toEqual(["closed", ["open", "half_open", "closed"]]);
    circuit.send(false, false);
    expect(circuit.breaker.state).toBe("closed");
  });

  test("forgets failures that are older than its window", () => {
    const circuit = new Circuit();
    circuit.send(false, false);
    circuit.clock.pass(10_000);
    circuit.send(false, false);
    expect(circuit.breaker.state).toBe("closed");
    circuit.send(false);
    expect(circuit.breaker.state).toBe("open");
  });

  test("does not open for a small part of many requests, or before there are enough", () => {
    const circuit = new Circuit();
    for (let n = 0; n < 100; n++) circuit.send(true, true, false);
    expect(circuit.breaker.state).toBe("closed");
    const few = new Circuit({ failures: 1, minRequests: 4 });
    few.send(false, false, false);
    expect(few.breaker.state).toBe("closed");
    few.send(false);
    expect(few.breaker.state).toBe("open");
  });

  test("admits as many tests at a time as must succeed, and opens again at the first failure", () => {
    const circuit = new Circuit();
    circuit.send(false, false, false);
    circuit.clock.pass(5_000);
    expect(circuit.breaker.admits).toBe(true);
    const epoch = circuit.begin();
    expect(circuit.breaker.admits).toBe(true);
    circuit.begin();
    expect(circuit.breaker.admits).toBe(false);
    circuit.breaker.onNoResult(epoch);
    expect(circuit.breaker.admits).toBe(true);
    circuit.breaker.onResult(false, epoch, circuit.clock.now());
    expect([circuit.breaker.state, circuit.breaker.retryIn]).toEqual(["open", 5_000]);
  });

  test("admits other tests after a while if those in progress do not end: visitors may send slow requests", () => {
    const circuit = new Circuit();
    const { breaker, clock } = circuit;
    circuit.send(false, false, false);
    clock.pass(5_000);
    expect(breaker.state).toBe("half_open");
    const epoch = circuit.begin();
    circuit.begin();
    clock.pass(4_999);
    expect(breaker.admits).toBe(false);
    clock.pass(1);
    expect(breaker.admits).toBe(true);
    circuit.begin();
    for (let n = 0; n < 2; n++) breaker.onNoResult(epoch);
    expect(breaker.admits).toBe(true);
    circuit.begin();
    circuit.begin();
    expect(breaker.admits).toBe(false);
    for (let n = 0; n < 2; n++) breaker.onResult(true, epoch, clock.now());
    expect(breaker.state).toBe("closed");
  });

  test("counts a response that breaks off once, as a failure", () => {
    const circuit = new Circuit({ ratio: 1 });
    const { breaker, clock } = circuit;
    for (let n = 0; n < 3; n++) {
      expect(breaker.state).toBe("closed");
      circuit.send(true);
      breaker.onBreakOff(circuit.epochs.current, clock.now());
    }
    expect(breaker.state).toBe("open");
    clock.pass(5_000);
    expect(breaker.state).toBe("half_open");
    circuit.send(true);
    breaker.onBreakOff(circuit.epochs.current, clock.now());
    expect(breaker.state).toBe("open");
  });

  test("ignores the results of attempts that began before it changed", () => {
    const circuit = new Circuit();
    const before = circuit.begin();
    circuit.send(false, false, false);
    circuit.clock.pass(5_000);
    expect(circuit.breaker.state).toBe("half_open");
    circuit.breaker.onResult(false, before, circuit.clock.now());
    circuit.breaker.onNoResult(before);
    expect(circuit.breaker.state).toBe("half_open");
    circuit.send(true, true);
    expect(circuit.breaker.state).toBe("closed");
  });

  test("does the same as a twin that keeps every result", () => {
    const random = fixedRandom(7);
    const seen = new Set<BreakerState>();
    for (let run = 0; run < 200; run++) {
      const options = { ...OPTIONS, failures: 1 + (run % 4), minRequests: 1 + (run % 5), ratio: (run % 3) / 3 };
      const circuit = new Circuit(options);
      const twin = new BreakerTwin(options);
      const begun: number[] = [];
      for (let step = 0; step < 150; step++) {
        const now = circuit.clock.now();
        expect([circuit.breaker.state, circuit.breaker.admits]).toEqual([twin.stateAt(now), twin.admitsAt(now)]);
        seen.add(circuit.breaker.state);
        const choice = random();
        if (choice < 0.4 && circuit.breaker.admits) {
          begun.push(circuit.begin());
          twin.begin(now);
        } else if (choice < 0.8 && begun.length > 0) {
          const at = Math.floor(random() * begun.length);
          const [epoch] = begun.splice(at, 1) as [number];
          const result = random() < 0.15 ? undefined : random() < 0.5;
          if (result === undefined) circuit.breaker.onNoResult(epoch);
          else circuit.breaker.onResult(result, epoch, now);
          twin.end(at, result, now);
        } else circuit.clock.pass(Math.floor(random() * random() * 4_000));
      }
    }
    expect(seen.size).toBe(3);
  });
});
