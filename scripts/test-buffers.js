// Runs the tests with every read buffer overwritten after its callback: once with sockets that read into reused
// memory, and once through their streams, as on a version of Node.js that lacks the means. The arguments are those of
// vitest.
import { spawnSync } from "node:child_process";

for (const direct of ["1", "0"]) {
  const env = { ...process.env, POSTERN_POISON: "1", POSTERN_DIRECT: direct };
  const { status } = spawnSync("npx", ["vitest", "run", ...process.argv.slice(2)], { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}
