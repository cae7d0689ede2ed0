import { describe, expect, onTestFinished, test, vi } from "vitest";
import { FakeVerifier } from "./fake-verifier.suite.js";
import { Verifier, VERIFIER_LIMITS, type Verification } from "./verifier.js";

const HASH = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
const password = (text: string): Buffer => Buffer.from(text);

describe("the verifier", () => {
  test("checks two passwords at the same time; others wait in their order, and a number of them are refused", async () => {
    const verifier = new FakeVerifier();
    const begun = Array.from({ length: 40 }, (_, n) => verifier.verify(password(String(n)), HASH));
    expect(verifier.workers).toHaveLength(VERIFIER_LIMITS.threads);
    expect(begun.filter((each) => each !== undefined)).toHaveLength(VERIFIER_LIMITS.threads + VERIFIER_LIMITS.waiting);
    expect(verifier.checks.map((check) => check.password)).toEqual(["0", "1"]);
    verifier.workers[1]!.answer(true);
    expect(await begun[1]!.answer).toBe(true);
    expect(verifier.workers[1]!.checks.map((check) => check.password)).toEqual(["1", "2"]);
    expect(verifier.verify(password("late"), HASH)).toBeDefined();
    expect(verifier.verify(password("later"), HASH)).toBeUndefined();
  });

  test("leaves out a password that nobody waits for any more", () => {
    const verifier = new FakeVerifier();
    const begun = ["a", "b", "c", "d"].map((text) => verifier.verify(password(text), HASH)!);
    begun[2]!.cancel();
    verifier.workers[0]!.answer(false);
    expect(verifier.workers[0]!.checks.map((check) => check.password)).toEqual(["a", "d"]);
  });

  test("goes on with another thread when one ends; the password that it checked has no answer", async () => {
    const verifier = new FakeVerifier();
    const begun = ["a", "b", "c"].map((text) => verifier.verify(password(text), HASH)!);
    verifier.workers[0]!.emit("error", new Error("out of memory"));
    verifier.workers[0]!.emit("exit");
    await expect(begun[0]!.answer).rejects.toThrow("out of memory");
    expect(verifier.workers).toHaveLength(3);
    verifier.workers[2]!.answer(true);
    expect(await begun[2]!.answer).toBe(true);
  });

  test("gives no password to a thread that ends because it had no work", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const verifier = new FakeVerifier();
    verifier.verify(password("a"), HASH);
    const [ending] = verifier.workers;
    // It takes a while until a thread has ended.
    ending!.terminate = (): void => void (ending!.isTerminated = true);
    ending!.answer(true);
    vi.advanceTimersByTime(60_000);
    expect(ending!.isTerminated).toBe(true);
    verifier.verify(password("b"), HASH);
    expect(verifier.workers.map(({ checks }) => checks.map((check) => check.password))).toEqual([["a"], ["b"]]);
    ending!.emit("exit");
    expect(verifier.workers).toHaveLength(2);
  });

  test("does not let an owner that sends many passwords hold up those of another one", async () => {
    const verifier = new FakeVerifier();
    const many = Array.from({ length: 34 }, (_, n) => verifier.verify(Buffer.from(`m${n}`), HASH, "many")!);
    expect(verifier.verify(Buffer.from("too many"), HASH, "many")).toBeUndefined();
    const late = verifier.verify(Buffer.from("other"), HASH, "other");
    await expect(many.at(-1)!.answer).rejects.toThrow("wait");
    verifier.workers[0]!.answer(false);
    verifier.workers[1]!.answer(false);
    expect(verifier.checks.map(({ password }) => password)).toContain("other");
    verifier.workers.find(({ checks }) => checks.at(-1)?.password === "other")!.answer(true);
    expect(await late!.answer).toBe(true);
  });

  test("with real threads says which password is right, and does not keep the process alive", async () => {
    const verifier = new Verifier();
    const answers = ["myPassword", "other", "myPassword"].map(
      (text) => (verifier.verify(password(text), HASH) as Verification).answer,
    );
    expect(await Promise.all(answers)).toEqual([true, false, true]);
  });
});
