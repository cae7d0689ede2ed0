// Runs the tests with every read buffer overwritten after its callback: once with sockets that read into reused
// memory, and once through their streams, as on a version of Node.js that lacks the means. With POSTERN_DIRECT=1 or 0,
// only the one or the other. The arguments are those of vitest.
import { spawnSync } from "node:child_process";

const { POSTERN_DIRECT: only } = process.env;
for (const direct of only === undefined ? ["1", "0"] : [only]) {
  const env = { ...process.env, POSTERN_POISON: "1", POSTERN_DIRECT: direct };
  const { status } = spawnSync("npx", ["vitest", "run", ...process.argv.slice(2)], { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}
