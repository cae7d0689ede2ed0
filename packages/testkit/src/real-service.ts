import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimPort } from "./claimed-port.js";
import type { Defer } from "./cleanup.js";
import { exchange } from "./exchange.js";
import { Program } from "./program.js";
import { scratchFolder } from "./scratch-folder.js";

export interface RunningService {
  port: number;
  program: Program;
}

/** A real nginx, one process, that serves `files` by their names. */
export async function startNginx(defer: Defer, files: Record<string, string>): Promise<RunningService> {
  const port = await claimPort();
  const folder = scratchFolder(defer);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (use) => `${use}_temp_path ${folder}/${use};`,
  );
  const configuration = `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
  default_type text/plain;
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`;
  writeFileSync(join(folder, "nginx.conf"), configuration);
  const args = ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  return ready(port, new Program(defer, "nginx", { args, cwd: folder }));
}

/** Python's http.server for the same: HTTP/1.0, answers that end with the connection. */
export async function startPythonServer(defer: Defer, files: Record<string, string>): Promise<RunningService> {
  const port = await claimPort();
  const folder = scratchFolder(defer);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const args = ["-m", "http.server", String(port), "--bind", "127.0.0.1", "--directory", folder];
  return ready(port, new Program(defer, "python3", { args }));
}

async function ready(port: number, program: Program): Promise<RunningService> {
  await program.waitFor("its first answer", async () => (await exchange(port, { host: "localhost" })).status > 0);
  return { port, program };
}
