import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "./output.js";

/** A stream that accepts nothing until it is released. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #release: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(String(chunk));
    this.#release = done;
  }

  readAll(): void {
    for (let done = this.#release; done; done = this.#release) {
      this.#release = undefined;
      done();
    }
  }
}

test("the number of unread lines is limited, and dropped lines are counted and reported", () => {
  const reader = new SlowReader({ decodeStrings: false });
  const output = new Output(reader, 100);
  for (let index = 0; index < 50; index++) output.line(`line ${index} ${"x".repeat(20)}`);
  expect(reader.writableLength).toBeLessThan(200);
  expect(output.lost).toBeGreaterThan(40);

  const { lost } = output;
  reader.readAll();
  output.line("again", (count) => `lost ${count}`);
  reader.readAll();
  expect(reader.taken.at(-1)).toBe(`lost ${lost}\nagain\n`);
  expect(output.lost).toBe(0);
});

test("a reader that is gone causes no error", async () => {
  const reader = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error("gone"), { code: "EPIPE" })),
  });
  const closed = new Promise((resolve) => reader.once("close", resolve));
  const output = new Output(reader);
  output.line("one");
  await closed;
  output.line("two");
  await output.flushed(1);
});

test("waiting for the reader times out", async () => {
  const output = new Output(new SlowReader());
  output.line("unread");
  await output.flushed(1);
});

test("on a terminal, a footer stays below all lines", () => {
  const shown = new PassThrough();
  const output = new Output(Object.assign(shown, { isTTY: true, columns: 80 }));
  output.line("first");
  output.footer(["state", "rate"]);
  output.line("second");
  output.footer([]);
  output.line("third");
  const [up, clear] = ["\u001b[2A", "\u001b[J"];
  expect(String(shown.read())).toBe(`first\nstate\nrate\n${up}${clear}second\nstate\nrate\n${up}${clear}third\n`);
});

test("there is no footer without a terminal", () => {
  const file = new PassThrough();
  const output = new Output(file);
  output.footer(["state"]);
  output.line("line");
  expect(String(file.read())).toBe("line\n");
});
