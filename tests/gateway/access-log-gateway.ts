import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { exchange, Origin, StartProcess, until, type ExchangeOptions } from "@postern/testkit";

export type Entry = Record<string, unknown>;

export const linesOf = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);

/** Waits until a log has so many lines, and returns them. */
export function lines(file: string, count: number): Promise<string[]> {
  return until(`${count} lines`, () => {
    const found = linesOf(file);
    return found.length >= count && found;
  });
}

export async function entries(file: string, count: number): Promise<Entry[]> {
  return (await lines(file, count)).map((line) => JSON.parse(line) as Entry);
}

/** A gateway with this configuration, whose address is added. */
export async function serve(
  configuration: string,
  prepare: (folder: string) => void = () => {},
): Promise<{
  start: StartProcess;
  port: number;
  ask: (path: string, more?: Partial<ExchangeOptions>) => ReturnType<typeof exchange>;
  logOf: (name: string) => string;
}> {
  const options = `[server]\nlisten = "127.0.0.1:0"\n[tunnel.local_api]\nenabled = false\n`;
  const start = StartProcess.launch(onTestFinished, `${configuration}\n${options}`, {}, ["serve"], { prepare });
  const port = await start.gatewayPort();
  return {
    start,
    port,
    ask: (path, more = {}) => exchange(port, { host: "a.example", path, ...more }),
    logOf: (name) => join(start.folder, name),
  };
}

export async function anOrigin(): Promise<Origin> {
  return Origin.start(onTestFinished, (incoming, outgoing) => {
    incoming.resume().on("end", () => outgoing.end(`answer to ${incoming.url}`));
  });
}

/** A log in JSON for the whole program. */
export const ACCESS = '[logging.access]\nenabled = true\nformat = "json"\nfile = "access.log"\n';
