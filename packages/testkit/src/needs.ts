import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { FAKETIME } from "./fake-clock.js";

/** Programs that some tests use, and their Debian packages. */
const DEBIAN_PACKAGE = {
  apache2: "apache2-bin",
  chromium: "chromium",
  curl: "curl",
  haproxy: "haproxy",
  faketime: "libfaketime",
  ip: "iproute2",
  jq: "jq",
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

/** The part of vitest's test context that is used here. */
export interface SkippableTest {
  skip(note: string): void;
}

/**
 * Skips a test, with a note on standard error, if a program that it uses is missing.
 * With POSTERN_NO_SKIP=1, as in CI, it fails the test instead.
 */
export function needs(test: SkippableTest, ...programs: NeededProgram[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => DEBIAN_PACKAGE[program]).join(" ");
  skip(test, `missing: ${missing.join(", ")}. On Debian: apt-get install ${packages}`);
}

/** Skips a test in the same way unless it runs as root, which mounts and network namespaces require. */
export function needsRoot(test: SkippableTest): void {
  if (process.getuid?.() !== 0) skip(test, "it needs root");
}

/** Returns a Node.js in PATH that is older than `major`. Skips the test in the same way if there is none. */
export function needsOlderNode(test: SkippableTest, major: number): string {
  const nodes = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  const old = nodes.find((node) => {
    const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
    return stdout && Number(/^v(\d+)/.exec(stdout)?.[1]) < major;
  });
  if (old !== undefined) return old;
  const note = `it needs a Node.js older than ${major} in PATH`;
  skip(test, note);
  throw new Error(note);
}

function skip(test: SkippableTest, note: string): void {
  if (process.env["POSTERN_NO_SKIP"] === "1") throw new Error(`a test would be skipped; ${note}`);
  process.stderr.write(`SKIPPED, ${note}\n`);
  test.skip(note);
}

function isInstalled(program: NeededProgram): boolean {
  // faketime is a library, not a program.
  if (program === "faketime") return existsSync(FAKETIME);
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
