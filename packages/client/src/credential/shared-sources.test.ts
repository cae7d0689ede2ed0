import { expect, test } from "vitest";
import { sharedSource } from "./shared-sources.js";

const OPTIONS = { url: "https://issuer.example/token", refreshToken: "r0", stateFile: "/nowhere/state.json" };

test("tunnels with the same refresh token share a source until the last one is closed", async () => {
  const [one, other] = [sharedSource(OPTIONS, "first"), sharedSource({ ...OPTIONS, clientId: "any" }, undefined)];
  expect(other.source).toBe(one.source);
  expect(one.source.token).toBe("first");
  await one.release();
  const third = sharedSource(OPTIONS, undefined);
  expect(third.source).toBe(one.source);
  await other.release();
  await third.release();
  const later = sharedSource(OPTIONS, undefined);
  expect(later.source).not.toBe(one.source);
  await later.release();
});

test.for([
  { url: "https://other.example/token" },
  { refreshToken: "r1" },
  { stateFile: "/nowhere/else.json" },
  { refreshToken: 'r0","/nowhere/state.json' },
])("%j has a separate source", async (more) => {
  const [one, other] = [sharedSource(OPTIONS, undefined), sharedSource({ ...OPTIONS, ...more }, undefined)];
  expect(other.source).not.toBe(one.source);
  for (const each of [one, other]) await each.release();
});
