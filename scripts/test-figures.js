// Reads vitest's JSON report and prints its figures as one line. Fails when a test failed or was skipped, or none ran.
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8"));
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;

const passed = count("passed");
const failed = count("failed");
const skipped = tests.length - passed - failed;
for (const { status, fullName } of tests)
  if (status !== "passed" && status !== "failed") console.log(`not run (${status}): ${fullName}`);
// A file that cannot be loaded has no tests to count, but it counts as a failure.
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
);
for (const { name, message } of broken) console.log(`did not load: ${name}: ${message}`);

console.log(`${passed} passed, ${failed + broken.length} failed, ${skipped} skipped`);
process.exitCode = report.success && failed === 0 && broken.length === 0 && skipped === 0 && passed > 0 ? 0 : 1;
