import { beforeEach, describe, expect, test, vi } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { NameRegistry } from "./name-registry.js";
import type { Tunnel } from "./tunnel.js";

/** What the registry asks of a tunnel. */
const tunnel = (name: string): Tunnel =>
  ({ name, epoch: 0, load: 0, doubtful: false, prove() {} }) as unknown as Tunnel;
const nobody = (): void => {};
const ann = { owner: "ann", instance: undefined };
const bob = { owner: "bob", instance: undefined };

let now = 0;
let names: NameRegistry;
beforeEach(() => {
  now = 0;
  names = new NameRegistry(() => now);
});

describe("a name", () => {
  test("that nobody has is nobody's", () => {
    expect(names.find("app")).toBeUndefined();
    expect(names.refusal("app", ann)).toBeUndefined();
  });

  test("in use is refused to others, not to its owner", () => {
    names.take(tunnel("app"), ann, nobody);
    expect(names.refusal("app", bob)).toBe("PN_NAME_TAKEN");
    expect(names.refusal("app", ann)).toBeUndefined();
  });

  test("taken again by its owner is told to the tunnel that had it, whose end then changes nothing", () => {
    const first = tunnel("app");
    const second = tunnel("app");
    const replaced = vi.fn(() => names.release(first, "stopped"));
    names.take(first, ann, replaced);
    names.take(second, ann, nobody);
    expect(replaced).toHaveBeenCalledOnce();
    names.release(first, "dropped");
    expect(names.find("app")).toBe(second);
  });

  test("after a drop waits an hour for its owner alone", () => {
    const first = tunnel("app");
    names.take(first, ann, nobody);
    names.release(first, "dropped");
    now = SERVER_LIMITS.nameHold - 1;
    expect(names.find("app")).toBe("away");
    expect(names.refusal("app", bob)).toBe("PN_NAME_TAKEN");
    now++;
    expect(names.find("app")).toBeUndefined();
    expect(names.refusal("app", bob)).toBeUndefined();
  });

  test("after a stop is kept, but nobody is expected back", () => {
    const first = tunnel("app");
    names.take(first, ann, nobody);
    names.release(first, "stopped");
    expect(names.find("app")).toBeUndefined();
    expect(names.refusal("app", bob)).toBe("PN_NAME_TAKEN");
  });

  test("that is freed can be anybody's", () => {
    const first = tunnel("app");
    names.take(first, ann, nobody);
    names.release(first, "free");
    expect(names.refusal("app", bob)).toBeUndefined();
  });
});

test("an owner has so many names and no more, and has room again when old ones lapse", () => {
  for (let n = 0; n < SERVER_LIMITS.namesPerOwner; n++) {
    const one = tunnel(`n${n}`);
    names.take(one, ann, nobody);
    names.release(one, "stopped");
  }
  expect(names.refusal("one-more", ann)).toBe("PN_TUNNEL_LIMIT");
  expect(names.refusal("n0", ann)).toBeUndefined();
  expect(names.refusal("one-more", bob)).toBeUndefined();
  now = SERVER_LIMITS.nameHold;
  names.sweep();
  expect(names.refusal("one-more", ann)).toBeUndefined();
});
