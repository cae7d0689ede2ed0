import { setTimeout as pause } from "node:timers/promises";

const STEP_MS = 500;
const TIMEOUT_MS = 60_000;

/** Waits until `counter` grows by at most `little` in half a second. Throws `complaint` after a minute. */
export async function quiet(complaint: string, counter: () => number, little: number): Promise<void> {
  for (const until = Date.now() + TIMEOUT_MS; Date.now() < until;) {
    const before = counter();
    await pause(STEP_MS);
    if (counter() - before <= little) return;
  }
  throw new Error(`${complaint} ${TIMEOUT_MS / 1000} s after the transfers were ended`);
}
