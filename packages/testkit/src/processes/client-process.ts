import type { Defer } from "../cleanup.js";
import { postern } from "./postern.js";
import type { Program } from "./program.js";
import { TEST_KEY } from "./server-process.js";

export interface ClientProcessOptions {
  server: { url: string };
  /** The argument of `postern http`: a port or an address. */
  target: string | number;
  subdomain?: string;
  /** The API key, passed in the environment. Default TEST_KEY. */
  key?: string;
  /** More arguments. */
  args?: string[];
  env?: Record<string, string>;
  /** See PosternOptions. */
  prefix?: string[];
}

/** One line of `--json`. */
export interface ClientEvent {
  time: string;
  type: string;
  endpoint: string;
  message: string;
  data: Record<string, unknown>;
}

/** A running `postern http … --json`. */
export class ClientProcess {
  readonly program: Program;

  private constructor(program: Program) {
    this.program = program;
  }

  /** Starts it without waiting. */
  static launch(defer: Defer, options: ClientProcessOptions): ClientProcess {
    const { server, target, subdomain, key = TEST_KEY, args = [], env = {}, prefix = [] } = options;
    const name = subdomain === undefined ? [] : ["--subdomain", subdomain];
    const command = ["http", String(target), "--server", server.url, ...name, "--json", ...args];
    return new ClientProcess(postern(defer, command, { env: { POSTERN_API_KEY: key, ...env }, prefix }));
  }

  /** Starts it and waits for its tunnel. */
  static async start(defer: Defer, options: ClientProcessOptions): Promise<ClientProcess> {
    const client = ClientProcess.launch(defer, options);
    await client.event("tunnel_established");
    return client;
  }

  get pid(): number {
    return this.program.pid;
  }

  /** The events so far. Throws on any other line, because standard output is for programs. */
  get events(): ClientEvent[] {
    const whole = this.program.stdout.slice(0, this.program.stdout.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ClientEvent);
  }

  /** Waits for the `nth` event of this type (the first is 1). */
  event(type: string, nth = 1): Promise<ClientEvent> {
    return this.program.waitFor(
      `event ${nth} of type ${type}`,
      () => this.events.filter((event) => event.type === type)[nth - 1],
    );
  }

  /** The number of events of this type so far. */
  count(type: string): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** The public URL of its latest tunnel. Throws when there is none. */
  get url(): URL {
    const url = this.events.findLast(({ type }) => type === "tunnel_established")?.data["public_url"];
    if (typeof url !== "string") throw new Error(`no tunnel yet: ${this.program.output}`);
    return new URL(url);
  }

  /** The Host that visitors send. */
  get host(): string {
    return this.url.host;
  }
}
