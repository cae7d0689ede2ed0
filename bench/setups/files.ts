import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../settings.ts";
import { freePort, type Stage } from "../stage.ts";
import type { Certificate } from "./certificate.ts";
import type { GatewaySetup } from "./gateway.ts";
import { listening } from "./listening.ts";
import { launch, tlsLines } from "./nginx.ts";
import { startProcess } from "./postern.ts";
import type { Setup } from "./setup.ts";

export const FILE_1K = "/1k.txt";
export const FILE_64K = "/64k.bin";
export const FILE_LARGE = "/large.bin";

/** The files `/many/FOLDER/NAME.bin` of 4 KB: this many folders, with this many files each. */
export const MANY = { folders: 100, files: 1_000, bytes: 4_096 } as const;

/** A folder with the files of the benchmarks. The large one is sparse: it uses no disk space. */
export function makeFiles(stage: Stage, { large = 0, many = false }: { large?: number; many?: boolean }): string {
  const folder = stage.folder("site");
  writeFileSync(join(folder, FILE_1K), "a".repeat(1_024));
  writeFileSync(join(folder, FILE_64K), Buffer.alloc(64 * 1_024, "b"));
  const file = openSync(join(folder, FILE_LARGE), "w");
  ftruncateSync(file, large);
  closeSync(file);
  if (!many) return folder;
  for (let n = 0; n < MANY.folders; n++) {
    mkdirSync(join(folder, "many", String(n)), { recursive: true });
    for (let m = 0; m < MANY.files; m++)
      writeFileSync(join(folder, "many", String(n), `${m}.bin`), Buffer.alloc(MANY.bytes, "c"));
  }
  return folder;
}

/** `postern serve` with a folder. */
export async function startFiles(
  stage: Stage,
  settings: Settings,
  folder: string,
  certificate: Certificate | undefined,
): Promise<GatewaySetup> {
  const [port, securePort] = [await freePort(), await freePort()];
  const file = join(stage.folder("configuration"), "postern.toml");
  const lines = ["[static_config]", `directory = "${folder}"`];
  if (certificate !== undefined) {
    const { certificate: cert, key } = certificate;
    lines.push("[server.ssl]", "enabled = true", `https_port = ${securePort}`);
    lines.push(`cert_file = "${cert}"`, `key_file = "${key}"`);
  }
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  const args = ["serve", "--listen", `127.0.0.1:${port}`, "--config", file];
  const options = { inspect: settings.profile, countCollections: true };
  const gateway = await startProcess(stage, settings, "postern-files", args, options);
  await listening(gateway.process, port);
  const address = `127.0.0.1:${certificate === undefined ? port : securePort}`;
  const secure = certificate !== undefined;
  return { name: "Postern", address, host: "localhost", secure, processes: [gateway.process], gateway };
}

/** nginx with the same folder: with sendfile (and TLS, if there is a certificate), and without it. */
export async function startFileNginx(
  stage: Stage,
  folder: string,
  certificate: Certificate | undefined,
): Promise<{ yardstick: Setup; copying: Setup }> {
  const [port, copyingPort] = [await freePort(), await freePort()];
  const secure = certificate !== undefined;
  const child = launch(stage, "files", undefined, {
    LISTEN: `127.0.0.1:${port}${secure ? " ssl" : ""}`,
    LISTEN_COPYING: `127.0.0.1:${copyingPort}`,
    TLS: secure ? tlsLines(certificate) : "",
    FILES: folder,
  });
  await listening(child, port);
  const setup = { host: "localhost", processes: [child] };
  return {
    yardstick: { ...setup, name: "nginx", address: `127.0.0.1:${port}`, secure },
    copying: { ...setup, name: "nginx without sendfile", address: `127.0.0.1:${copyingPort}` },
  };
}
