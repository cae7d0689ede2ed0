import { beforeEach, describe, expect, test, vi } from "vitest";
import { SERVER_LIMITS } from "./limits.js";
import { NameRegistry } from "./name-registry.js";
import type { Tunnel } from "./tunnel.js";

// The registry only compares tunnels.
const tunnel = (name: string): Tunnel => ({ name }) as Tunnel;
const nobody = (): void => {};

let now = 0;
let names: NameRegistry;
beforeEach(() => {
  now = 0;
  names = new NameRegistry(() => now);
});

describe("a name", () => {
  test("that nobody has is nobody's", () => {
    expect(names.find("app")).toBeUndefined();
    expect(names.refusal("app", "ann")).toBeUndefined();
  });

  test("in use is refused to others, not to its owner", () => {
    names.take("app", "ann", tunnel("app"), nobody);
    expect(names.refusal("app", "bob")).toBe("PN_NAME_TAKEN");
    expect(names.refusal("app", "ann")).toBeUndefined();
  });

  test("taken again by its owner is told to the tunnel that had it, whose end then changes nothing", () => {
    const first = tunnel("app");
    const second = tunnel("app");
    const replaced = vi.fn(() => names.release("app", first, "stopped"));
    names.take("app", "ann", first, replaced);
    names.take("app", "ann", second, nobody);
    expect(replaced).toHaveBeenCalledOnce();
    names.release("app", first, "dropped");
    expect(names.find("app")).toBe(second);
  });

  test("after a drop waits an hour for its owner alone", () => {
    const first = tunnel("app");
    names.take("app", "ann", first, nobody);
    names.release("app", first, "dropped");
    now = SERVER_LIMITS.nameHold - 1;
    expect(names.find("app")).toBe("away");
    expect(names.refusal("app", "bob")).toBe("PN_NAME_TAKEN");
    now++;
    expect(names.find("app")).toBeUndefined();
    expect(names.refusal("app", "bob")).toBeUndefined();
  });

  test("after a stop is kept, but nobody is expected back", () => {
    const first = tunnel("app");
    names.take("app", "ann", first, nobody);
    names.release("app", first, "stopped");
    expect(names.find("app")).toBeUndefined();
    expect(names.refusal("app", "bob")).toBe("PN_NAME_TAKEN");
  });

  test("that is freed can be anybody's", () => {
    const first = tunnel("app");
    names.take("app", "ann", first, nobody);
    names.release("app", first, "free");
    expect(names.refusal("app", "bob")).toBeUndefined();
  });
});

test("an owner has so many names and no more, and has room again when old ones lapse", () => {
  for (let n = 0; n < SERVER_LIMITS.namesPerOwner; n++) {
    const one = tunnel(`n${n}`);
    names.take(one.name, "ann", one, nobody);
    names.release(one.name, one, "stopped");
  }
  expect(names.refusal("one-more", "ann")).toBe("PN_TUNNEL_LIMIT");
  expect(names.refusal("n0", "ann")).toBeUndefined();
  expect(names.refusal("one-more", "bob")).toBeUndefined();
  now = SERVER_LIMITS.nameHold;
  names.sweep();
  expect(names.refusal("one-more", "ann")).toBeUndefined();
});
