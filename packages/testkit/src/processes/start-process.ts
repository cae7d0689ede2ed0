import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientEvent } from "./client-process.js";
import type { Defer } from "../cleanup.js";
import { postern, type PosternOptions } from "./postern.js";
import type { Program } from "./program.js";
import { scratchFolder } from "../scratch-folder.js";
import { TEST_KEY } from "./server-process.js";

export interface LaunchOptions extends Pick<PosternOptions, "prefix"> {
  /** Called before the start with the folder of the configuration. */
  prepare?: (folder: string) => void;
}

/** A running `postern start --json` with a configuration of its own. */
export class StartProcess {
  /** The folder of its configuration, and of files that it creates there. */
  readonly folder: string;
  readonly file: string;
  readonly program: Program;

  private constructor(folder: string, file: string, program: Program) {
    this.folder = folder;
    this.file = file;
    this.program = program;
  }

  /**
   * Starts it without waiting. POSTERN_API_KEY is TEST_KEY unless `env` overrides it.
   * @param command another command that runs a configuration, with options: `["serve", "--port", "0"]`
   */
  static launch(
    defer: Defer,
    configuration: string,
    env: Record<string, string> = {},
    command: readonly string[] = ["start"],
    { prefix = [], prepare }: LaunchOptions = {},
  ): StartProcess {
    const folder = scratchFolder(defer);
    const file = join(folder, "postern.toml");
    writeFileSync(file, configuration, { mode: 0o600 });
    prepare?.(folder);
    const program = postern(defer, [...command, "--config", file, "--json"], {
      env: { POSTERN_API_KEY: TEST_KEY, ...env },
      prefix,
    });
    return new StartProcess(folder, file, program);
  }

  /** Replaces the configuration by a rename, as editors and deployments do. */
  replace(configuration: string): void {
    const beside = `${this.file}.new`;
    writeFileSync(beside, configuration, { mode: 0o600 });
    renameSync(beside, this.file);
  }

  /** Writes another configuration into the same file. */
  overwrite(configuration: string): void {
    writeFileSync(this.file, configuration);
  }

  get events(): ClientEvent[] {
    const whole = this.program.stdout.slice(0, this.program.stdout.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ClientEvent);
  }

  /** The public URLs of the tunnels of an endpoint so far. */
  urls(endpoint: string): string[] {
    return this.events
      .filter((event) => event.type === "tunnel_established" && event.endpoint === endpoint)
      .map(({ data }) => String(data["public_url"]));
  }

  /** Waits for the `nth` tunnel of an endpoint (the first is 1) and returns its URL. */
  tunnel(endpoint: string, nth = 1): Promise<URL> {
    return this.program.waitFor(`tunnel ${nth} of ${endpoint}`, () => {
      const url = this.urls(endpoint)[nth - 1];
      return url === undefined ? undefined : new URL(url);
    });
  }

  /** Waits until the gateway listens, and returns its port for HTTP. */
  async gatewayPort(): Promise<number> {
    const { data } = await this.program.waitFor("the gateway", () =>
      this.events.find(({ endpoint, data: { state } }) => endpoint === "gateway" && state === "listening"),
    );
    return Number(String(data["address"]).split(":").at(-1));
  }

  /** Waits for the `nth` status_update with this state and returns it. */
  status(state: string, nth = 1): Promise<ClientEvent> {
    return this.program.waitFor(
      `status ${nth} ${state}`,
      () => this.events.filter(({ type, data }) => type === "status_update" && data["state"] === state)[nth - 1],
    );
  }
}
