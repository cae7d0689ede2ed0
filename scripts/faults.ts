// Runs every fault at full length, and writes what was seen to docs/reliability.md. Needs root, for network namespaces and mounts.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "prettier";

interface Outcome {
  title: string;
  status: string;
  duration?: number;
  meta: { findings?: string[] };
}

const folder = mkdtempSync(join(tmpdir(), "postern-faults-"));
const report = join(folder, "report.json");
// One after the other: what one of them does to the machine is not to be seen by another.
const alone = ["--maxWorkers=1", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const args = ["vitest", "run", "tests/faults", ...alone];
const { status } = spawnSync("npx", args, {
  stdio: "inherit",
  env: { ...process.env, POSTERN_FAULTS: "full", POSTERN_NO_SKIP: "1" },
});
const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
  testResults: { name: string; assertionResults: Outcome[] }[];
};
rmSync(folder, { recursive: true });

const root = fileURLToPath(new URL("..", import.meta.url));
const files = testResults
  .map(({ name, assertionResults }) => ({ file: relative(root, name), outcomes: assertionResults }))
  .sort((one, other) => one.file.localeCompare(other.file));
const page = [
  "# Reliability",
  "",
  "What breaks, and what happens then. `npm run faults` does all of this to real processes, real sockets and real links, at full length, and writes this page;",
  "`npm test` does the same in short. After each fault the same is checked: every process lives and holds no more files and memory than before, and a tunnel beside it was served every time.",
  "",
  `The last full run: ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory, Linux ${release()}, Node ${process.versions.node}.`,
  ...files.flatMap(({ file, outcomes }) => [
    "",
    `## \`${file}\``,
    "",
    "| what happens | | seen |",
    "| --- | --- | --- |",
    ...outcomes.map(
      ({ title, status: outcome, meta }) => `| ${title} | ${outcome} | ${(meta.findings ?? []).join("; ")} |`,
    ),
  ]),
  "",
].join("\n");
writeFileSync(join(root, "docs/reliability.md"), await format(page, { parser: "markdown", printWidth: 120 }));
process.exitCode = status ?? 1;
