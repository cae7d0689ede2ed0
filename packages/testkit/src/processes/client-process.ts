import type { Defer } from "../cleanup.js";
import { postern } from "./postern.js";
import type { Program } from "./program.js";
import { TEST_KEY } from "./server-process.js";

export interface ClientProcessOptions {
  server: { url: string };
  /** What `postern http` is given: a port or an address. */
  target: string | number;
  subdomain?: string;
  /** Goes into the environment. Default TEST_KEY. */
  key?: string;
  /** Added to the command. */
  args?: string[];
  env?: Record<string, string>;
  /** What stands before the command: PosternOptions. */
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

  /** Starts it, and waits for nothing. */
  static launch(defer: Defer, options: ClientProcessOptions): ClientProcess {
    const { server, target, subdomain, key = TEST_KEY, args = [], env = {}, prefix = [] } = options;
    const name = subdomain === undefined ? [] : ["--subdomain", subdomain];
    const command = ["http", String(target), "--server", server.url, ...name, "--json", ...args];
    return new ClientProcess(postern(defer, command, { env: { POSTERN_API_KEY: key, ...env }, prefix }));
  }

  /** Starts it, and waits until its tunnel is there. */
  static async start(defer: Defer, options: ClientProcessOptions): Promise<ClientProcess> {
    const client = ClientProcess.launch(defer, options);
    await client.event("tunnel_established");
    return client;
  }

  get pid(): number {
    return this.program.pid;
  }

  /** What it has told so far. A line that is no event is an error: stdout belongs to machines. */
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

  /** How many events of this type there have been. */
  count(type: string): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** The public URL of its last tunnel. */
  get url(): URL {
    const url = this.events.findLast(({ type }) => type === "tunnel_established")?.data["public_url"];
    if (typeof url !== "string") throw new Error(`no tunnel yet: ${this.program.output}`);
    return new URL(url);
  }

  /** What visitors send as Host. */
  get host(): string {
    return this.url.host;
  }
}
