// Runs the fault tests at full length and writes the results to docs/reliability.md. Needs root, for network namespaces
// and mounts. With names, runs only the files whose paths contain one of them, and replaces only their sections:
// `npm run faults -- gateway-reloads`.
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
// One test after the other, because a fault of one test can affect the whole machine.
const sequential = ["--maxWorkers=1", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const names = process.argv.slice(2);
const args = ["vitest", "run", ...(names.length === 0 ? ["tests/faults"] : names), ...sequential];
const { status } = spawnSync("npx", args, {
  stdio: "inherit",
  env: { ...process.env, POSTERN_FAULTS: "full", POSTERN_NO_SKIP: "1" },
});
const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
  testResults: { name: string; assertionResults: Outcome[] }[];
};
rmSync(folder, { recursive: true });

const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "docs/reliability.md");
const isWhole = names.length === 0;
const before = isWhole ? "" : readFileSync(page, "utf8");
/** The sections of the page, by file. */
const sections = new Map(
  before
    .split(/^(?=## `)/m)
    .slice(1)
    .map((text) => [/`(.*?)`/.exec(text)?.[1] ?? "", text]),
);
for (const { name, assertionResults } of testResults) {
  const file = relative(root, name);
  sections.set(file, sectionOf(file, assertionResults));
}
const lastRun = `Last full run: ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory, Linux ${release()}, Node ${process.versions.node}.`;
const text = [
  "# Reliability",
  "",
  "This page lists the faults that Postern is tested with and the results of the last full run. `npm run faults` injects them into real processes, sockets and network links and writes this page; `npm test` runs shorter versions of the same tests.",
  "",
  "Each test also checks that all processes are still running, that they use no more file descriptors and memory than before, and that another tunnel on the same server answered every request during the fault.",
  "",
  isWhole ? lastRun : (/^Last full run: [^]*?(?=\n\n)/m.exec(before)?.[0] ?? ""),
  "",
  ...[...sections].toSorted(([one], [other]) => one.localeCompare(other)).map(([, section]) => section),
].join("\n");
writeFileSync(page, await format(text, { parser: "markdown", printWidth: 120, proseWrap: "always" }));
process.exitCode = status ?? 1;

function sectionOf(file: string, outcomes: readonly Outcome[]): string {
  return [
    `## \`${file}\``,
    "",
    "| test | result | measured |",
    "| --- | --- | --- |",
    ...outcomes.map(
      ({ title, status: outcome, meta }) => `| ${title} | ${outcome} | ${(meta.findings ?? []).join("; ")} |`,
    ),
    "",
  ].join("\n");
}
