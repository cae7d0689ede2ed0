import { Duplex } from "node:stream";

/** A connection to node:http in memory: pushed bytes arrive there, written bytes are dropped. */
export class MemorySocket extends Duplex {
  override _read(): void {
    // The test pushes bytes without being asked.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  /** node:http sets timers on its sockets. They are not needed here. */
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** Resolves when all pushed bytes have been read, parsed and delivered, which takes one or two turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
