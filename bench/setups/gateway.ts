import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../settings.ts";
import { freePort, type Stage } from "../stage.ts";
import { listening } from "./listening.ts";
import { startProcess, type PosternProcess } from "./postern.ts";
import type { Setup } from "./setup.ts";

export interface GatewayOptions {
  inspect?: boolean;
  countCollections?: boolean;
  /** Routes of the file; the last one in it takes every request of the benchmarks. Default 1. */
  routes?: number;
  /** How one of several targets is chosen. Default round_robin. */
  strategy?: string;
  /** Lines of the file after the last route: options of it. */
  more?: string;
  /** Default "Postern". */
  name?: string;
}

/** `postern serve` with a target, or with several. */
export interface GatewaySetup extends Setup {
  gateway: PosternProcess;
}

export async function startGateway(
  stage: Stage,
  settings: Settings,
  target: string | readonly string[],
  {
    inspect = settings.profile,
    countCollections = false,
    routes = 1,
    strategy = "round_robin",
    more = "",
    name = "Postern",
  }: GatewayOptions = {},
): Promise<GatewaySetup> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const file = join(stage.folder("configuration"), "postern.toml");
  const others = Array.from({ length: routes - 1 }, (_, n) => route(`/service-${n}/*`, target));
  writeFileSync(file, [...others, route("/*", target, strategy), more].join("\n"), { mode: 0o600 });
  const args = ["serve", "--listen", address, "--config", file];
  const gateway = await startProcess(stage, settings, "postern-serve", args, { inspect, countCollections });
  await listening(gateway.process, port);
  return { name, address, host: address, processes: [gateway.process], gateway };
}

function route(path: string, target: string | readonly string[], strategy?: string): string {
  const head = `[[proxy]]\npath = "${path}"\n`;
  if (typeof target === "string") return `${head}target = "http://${target}"\n`;
  const targets = target.map((each) => `"http://${each}"`).join(", ");
  return `${head}targets = [${targets}]\nstrategy = "${strategy}"\n`;
}
