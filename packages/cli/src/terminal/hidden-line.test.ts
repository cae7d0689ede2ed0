import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { hiddenLine, type KeyInput } from "./hidden-line.js";

class Keys extends EventEmitter implements KeyInput {
  isRaw = false;
  isPaused = true;

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  resume(): void {
    this.isPaused = false;
  }

  pause(): void {
    this.isPaused = true;
  }
}

/** The answer to these keys, and everything that was printed. */
async function typed(...pieces: (string | Buffer)[]): Promise<{ answer: string | undefined; printed: string }> {
  const keys = new Keys();
  let printed = "";
  const answer = hiddenLine(keys, (text) => (printed += text), "Password: ");
  expect([keys.isRaw, keys.isPaused]).toEqual([true, false]);
  for (const piece of pieces) keys.emit("data", Buffer.from(piece));
  const result = { answer: await answer, printed };
  expect([keys.isRaw, keys.isPaused, keys.listenerCount("data")]).toEqual([false, true, 0]);
  return result;
}

test.each([
  [["right\r"], "right"],
  [["ri", "ght", "\n"], "right"],
  [["wrong\x15right\r"], "right"],
  [["rightx\x7f\r"], "right"],
  [["right\u{1f600}\x7f\r"], "right"],
  [["\x7f\bright\r"], "right"],
  [["ri\tg\x1bht\r"], "right"],
  [["two words\r"], "two words"],
  [["\r"], ""],
  [["right\x03"], undefined],
  [["\x04"], undefined],
])("the keys %j give %j, and nothing of it is shown", async (pieces, answer) => {
  expect(await typed(...pieces)).toEqual({ answer, printed: "Password: \n" });
});

test("a letter may arrive in pieces", async () => {
  const bytes = Buffer.from("é\r");
  expect((await typed(bytes.subarray(0, 1), bytes.subarray(1))).answer).toBe("é");
});
