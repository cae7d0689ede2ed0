import { Duplex } from "node:stream";

/** A connection to node:http in memory: pushed bytes arrive there, written bytes are dropped. */
export class MemorySocket extends Duplex {
  override _read(): void {
    // Bytes are pushed when they are there.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  /** node:http sets timers on its sockets, which are not needed here. */
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

/** Everything that was pushed has been read, parsed and delivered: streams hand on within a turn or two. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
