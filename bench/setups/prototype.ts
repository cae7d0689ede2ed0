import { appendFileSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, type Stage } from "../stage.ts";
import { listening } from "./listening.ts";
import { expectResponse, type Setup } from "./setup.ts";

/**
 * Starts the prototype: `server.cjs` accepts visitors on 7001 and its client on 7000, `client.cjs` dials an origin on
 * 9000. It has no options, so a copy is made in which these numbers are free ports. It uses this repository's `ws`.
 */
export async function startPrototype(stage: Stage, folder: string, origin: string): Promise<Setup> {
  const tunnel = await freePort();
  const visitors = await freePort();
  const ports: Record<string, string> = { "7000": `${tunnel}`, "7001": `${visitors}`, "9000": origin.split(":")[1]! };
  const dir = stage.folder("prototype");
  for (const file of ["mux.cjs", "server.cjs", "client.cjs"]) {
    const text = readFileSync(join(folder, file), "utf8");
    writeFileSync(
      join(dir, file),
      text.replace(/\b(7000|7001|9000)\b/g, (port) => ports[port]!),
    );
  }
  appendFileSync(join(dir, "client.cjs"), "\nws.on('open', () => console.log('open'));\n");
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(dir, "node_modules"));
  const server = stage.start("prototype-server", process.execPath, [join(dir, "server.cjs")]);
  await listening(server, visitors);
  const client = stage.start("prototype-client", process.execPath, [join(dir, "client.cjs")]);
  // The prototype prints nothing when it is ready, and a visitor that connects before its client would crash it.
  await client.line((line) => line === "open");
  const address = `127.0.0.1:${visitors}`;
  const setup: Setup = { name: "prototype", address, host: address, processes: [server, client] };
  await expectResponse(setup, "/small");
  return setup;
}
