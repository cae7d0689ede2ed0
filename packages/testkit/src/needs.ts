import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { FAKETIME } from "./fake-clock.js";

/** Programs that some tests use, and the Debian packages that bring them. */
const DEBIAN_PACKAGE = {
  apache2: "apache2-bin",
  chromium: "chromium",
  curl: "curl",
  haproxy: "haproxy",
  faketime: "libfaketime",
  ip: "iproute2",
  nft: "nftables",
  nginx: "nginx-light",
  openssl: "openssl",
  python3: "python3",
  script: "bsdutils",
  slowhttptest: "slowhttptest",
  strace: "strace",
  wrk: "wrk",
} as const;

export type NeededProgram = keyof typeof DEBIAN_PACKAGE;

/** What vitest hands to a test, as far as it is needed here. */
export interface SkippableTest {
  skip(note: string): void;
}

/**
 * Skips a test, and says so, where a program that it uses is missing.
 * With POSTERN_NO_SKIP=1, as in CI, that is a failure instead.
 */
export function needs(test: SkippableTest, ...programs: NeededProgram[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => DEBIAN_PACKAGE[program]).join(" ");
  leaveOut(test, `not here: ${missing.join(", ")}. On Debian: apt-get install ${packages}`);
}

/** The same where it takes root: for mounts and network namespaces. */
export function needsRoot(test: SkippableTest): void {
  if (process.getuid?.() !== 0) leaveOut(test, "it takes root");
}

function leaveOut(test: SkippableTest, note: string): void {
  if (process.env["POSTERN_NO_SKIP"] === "1") throw new Error(`a test would be skipped; ${note}`);
  process.stderr.write(`SKIPPED, ${note}\n`);
  test.skip(note);
}

function isInstalled(program: NeededProgram): boolean {
  // A library, not a program.
  if (program === "faketime") return existsSync(FAKETIME);
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
