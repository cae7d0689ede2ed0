import { expect, onTestFinished, test } from "vitest";
import { ScriptedOrigin } from "../origins/scripted-origin.js";
import { Wire } from "./wire.js";

test("bytes pass both ways unchanged, and each side sees how the other ended", async () => {
  const origin = await ScriptedOrigin.start(onTestFinished);
  const wire = await Wire.dial(onTestFinished, origin.port);
  wire.write("GET /x\r\n");
  const served = await origin.wire("/x");
  served.write(Buffer.from([0, 255, 10]));
  expect(await wire.read("\n")).toBe("\u0000ÿ\n");
  served.finish();
  expect(await wire.over()).toBe("end");
  wire.reset();
  expect(await served.over()).toBe("reset");
});

test("a read after the end fails at once, and bytes before the end count", async () => {
  const origin = await ScriptedOrigin.start(onTestFinished);
  const wire = await Wire.dial(onTestFinished, origin.port);
  wire.write("hello");
  const served = await origin.wire("hello");
  served.write("bye");
  served.finish();
  await wire.over();
  expect(await wire.read("bye")).toBe("bye");
  await expect(wire.read("more")).rejects.toThrow(/over before "more"/);
});
