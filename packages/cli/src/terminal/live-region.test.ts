import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { LiveRegion } from "./live-region.js";
import { Output } from "./output.js";

function regionOn(terminal: { columns: number }) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, rows: 24, ...terminal });
  const written = (): string => String((stream.read() as Buffer | null) ?? "");
  return { region: new LiveRegion(new Output(stream)), stream, written };
}

test("lines replace the previous ones", () => {
  const { region, written } = regionOn({ columns: 80 });
  region.draw(["one", "two"]);
  expect(written()).toBe("one\x1b[K\ntwo\x1b[K\x1b[J\n");
  region.draw(["three"]);
  expect(written()).toBe("\r\x1b[2Athree\x1b[K\x1b[J\n");
  region.clear();
  expect(written()).toBe("\r\x1b[1A\x1b[J");
  region.draw(["four"]);
  expect(written()).toBe("four\x1b[K\x1b[J\n");
});

test("lines that a narrower terminal has wrapped are replaced too", () => {
  const { region, stream, written } = regionOn({ columns: 80 });
  region.draw(["\x1b[31m123456789012\x1b[39m", ""]);
  written();
  stream.columns = 10;
  region.draw(["x"]);
  expect(written()).toBe("\r\x1b[3Ax\x1b[K\x1b[J\n");
});

test("lines stay after leave()", () => {
  const { region, written } = regionOn({ columns: 80 });
  region.draw(["one"]);
  written();
  region.leave();
  region.clear();
  expect(written()).toBe("");
  region.draw(["two"]);
  expect(written()).toBe("two\x1b[K\x1b[J\n");
});
