import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Defer } from "./cleanup.js";

/** Creates an empty folder that is removed when the test ends. */
export function scratchFolder(defer: Defer): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-test-"));
  defer(async () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
