import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimPort } from "./claimed-port.js";
import type { Defer } from "../cleanup.js";
import { exchange } from "../network/exchange.js";
import { postern } from "./postern.js";
import type { Program } from "./program.js";
import { scratchFolder } from "../scratch-folder.js";

/** The API key of the default owner in tests. */
export const TEST_KEY = "key-of-the-tests-0123456789";

export interface ServerProcessOptions {
  /** Owners and their keys. Default: one owner with TEST_KEY. */
  keys?: Record<string, string>;
  /** More arguments. */
  args?: string[];
  env?: Record<string, string>;
  /** The address it listens on, which must include 127.0.0.1. Default 127.0.0.1. */
  host?: string;
  /** Its base domain. Default localhost. */
  domain?: string;
  /** See PosternOptions. */
  prefix?: string[];
}

/** A running `postern server` on a port of its own, ready for clients and visitors. */
export class ServerProcess {
  readonly port: number;
  readonly keysFile: string;
  program: Program;
  readonly #start: () => Program;

  private constructor(port: number, keysFile: string, start: () => Program) {
    this.port = port;
    this.keysFile = keysFile;
    this.#start = start;
    this.program = start();
  }

  static async start(defer: Defer, options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const {
      keys = { tests: TEST_KEY },
      args = [],
      env = {},
      host = "127.0.0.1",
      domain = "localhost",
      prefix = [],
    } = options;
    const port = await claimPort();
    const keysFile = writeKeys(join(scratchFolder(defer), "keys"), keys);
    const command = ["server", "--listen", `${host}:${port}`, "--domain", domain, "--api-keys-file", keysFile];
    const server = new ServerProcess(port, keysFile, () => postern(defer, [...command, ...args], { env, prefix }));
    await server.ready();
    return server;
  }

  /** The URL that clients dial. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.program.pid;
  }

  async ready(): Promise<void> {
    await this.program.waitFor("the server's health", async () => {
      const { status } = await exchange(this.port, { host: "127.0.0.1", path: "/health" });
      return status === 200;
    });
  }

  /** Waits for its end, then starts it again on the same port. */
  async restart(): Promise<void> {
    await this.program.exited;
    this.program = this.#start();
    await this.ready();
  }
}

/** Writes an API keys file that only its owner can read. */
export function writeKeys(file: string, keys: Record<string, string>): string {
  const lines = Object.entries(keys).map(([owner, key]) => `${owner} ${key}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return file;
}
