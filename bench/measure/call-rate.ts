/** Calls between two reads of the clock. */
const BLOCK = 1_000;

/** How often `call` can be called, per second. */
export function callRate(call: () => void, seconds: number): number {
  const started = performance.now();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < seconds * 1000) {
    for (let n = 0; n < BLOCK; n++) call();
    calls += BLOCK;
    elapsed = performance.now() - started;
  }
  return calls / (elapsed / 1000);
}
