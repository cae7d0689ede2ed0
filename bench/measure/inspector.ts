/** A minimal client for a Node process's inspector. */
export class Inspector {
  #socket: WebSocket;
  #next = 1;
  #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#receive(String(event.data)));
    socket.addEventListener("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the inspected process ended"));
    });
  }

  static async open(port: number): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
    const socket = new WebSocket(target!.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error(`no inspector on port ${port}`)), { once: true });
    });
    return new Inspector(socket);
  }

  call<T>(method: string, params: object = {}): Promise<T> {
    const id = this.#next++;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise<T>((resolve, reject) =>
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject }),
    );
  }

  #receive(text: string): void {
    const { id, result, error } = JSON.parse(text) as { id?: number; result?: unknown; error?: { message: string } };
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id!);
    if (error) waiting.reject(new Error(error.message));
    else waiting.resolve(result);
  }

  close(): void {
    this.#socket.close();
  }
}

export interface MemoryUse {
  rss: number;
  heapUsed: number;
  external: number;
}

/** Runs a full garbage collection, then returns the memory of the process in bytes. */
export async function memoryAfterCollection(inspector: Inspector): Promise<MemoryUse> {
  await inspector.call("HeapProfiler.collectGarbage");
  const { result } = await inspector.call<{ result: { value: MemoryUse } }>("Runtime.evaluate", {
    expression: "process.memoryUsage()",
    returnByValue: true,
  });
  return result.value;
}
