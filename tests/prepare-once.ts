import { afterAll, beforeEach } from "vitest";
import { needs, type Cleanup, type NeededProgram } from "@postern/testkit";

/** Runs `setUp` before the first test of a file, unless `programs` are missing, and `cleanup` after the last. */
export function prepareOnce(cleanup: Cleanup, setUp: () => Promise<void>, ...programs: NeededProgram[]): void {
  let ready: Promise<void> | undefined;
  beforeEach(({ skip }) => {
    needs({ skip }, ...programs);
    return (ready ??= setUp());
  });
  afterAll(() => cleanup.run());
}
