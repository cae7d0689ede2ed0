import { fileURLToPath } from "node:url";
import { claimPort } from "../processes/claimed-port.js";
import type { Defer } from "../cleanup.js";
import { exchange } from "../network/exchange.js";
import { Program } from "../processes/program.js";

const MAIN = fileURLToPath(new URL("./origin-main.js", import.meta.url));

/** A local service in a separate process, for tests that kill it. Its paths are in origin-main. */
export class OriginProcess {
  readonly port: number;
  program: Program;
  readonly #start: () => Program;

  private constructor(port: number, start: () => Program) {
    this.port = port;
    this.#start = start;
    this.program = start();
  }

  static async start(defer: Defer): Promise<OriginProcess> {
    const port = await claimPort();
    const origin = new OriginProcess(port, () => new Program(defer, process.execPath, { args: [MAIN, String(port)] }));
    await origin.#ready();
    return origin;
  }

  /** Waits for its end, then starts it again on the same port. */
  async restart(): Promise<void> {
    await this.program.exited;
    this.program = this.#start();
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.program.waitFor("the origin's response", async () => {
      const { status } = await exchange(this.port, { host: "localhost" });
      return status === 200;
    });
  }
}
