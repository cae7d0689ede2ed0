import { afterAll, beforeEach } from "vitest";
import { needs, type Cleanup, type NeededProgram } from "@postern/testkit";

/** Prepares a file's tests when the first of them begins, if the programs that they use are there; `cleanup` is run after the last. */
export function prepareOnce(cleanup: Cleanup, setUp: () => Promise<void>, ...programs: NeededProgram[]): void {
  let ready: Promise<void> | undefined;
  beforeEach(({ skip }) => {
    needs({ skip }, ...programs);
    return (ready ??= setUp());
  });
  afterAll(() => cleanup.run());
}
