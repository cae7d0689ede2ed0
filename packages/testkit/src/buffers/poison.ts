import { Socket } from "node:net";
import { fileURLToPath } from "node:url";

/** The value of every byte of a read buffer after its callback. It is invalid in UTF-8, and large as a length. */
export const POISON = 0xdb;

/** The parts of package net that know the memory which is used again. */
export interface ReadBuffers {
  /** Whether a socket still sends from `memory`. */
  isLent(memory: ArrayBufferLike): boolean;
  /** Calls `listener` whenever the last loan on a buffer ends. */
  onReturn(listener: (memory: ArrayBufferLike) => void): void;
  /** Passes bytes in a socket's read buffer to a callback. */
  SocketReader: { prototype: { pass: Pass } };
  /** All bytes pass through the streams of the sockets. */
  disableReadHook(): void;
  /** Memory that each message uses again. */
  WRITE_MEMORY: { take: (length: number) => Buffer };
}

type Pass = (this: unknown, chunk: Buffer) => void;

type DataListener = (chunk: unknown) => void;
/** The parts of a socket that are patched, without their overloads. */
interface Patched {
  on: (this: Socket, event: string, listener: DataListener) => Socket;
  addListener: (this: Socket, event: string, listener: DataListener) => Socket;
  emit: (this: Socket, event: string, ...values: unknown[]) => boolean;
}

/** Modules of our packages, compiled or not, except tests. */
const OURS = /\/packages\/(?:protocol|net|gateway|server|client|cli)\/(?:dist|src)\/(?!.*\.(?:test|suite)\.[jt]s$)/;

/**
 * Patches node:net so that bytes read for Postern's code are overwritten with POISON when the callback returns, and
 * `WRITE_MEMORY`, so that a message is overwritten when the next one needs its memory. Bytes are valid only during the
 * call: code that keeps them without copying finds garbage. Only listeners and callbacks that Postern's code registers
 * are affected, not those of node:http, package ws and tests.
 */
export function poisonReads(buffers: ReadBuffers): void {
  const poison = poisoner(buffers);
  if (process.env["POSTERN_DIRECT"] === "0") buffers.disableReadHook();
  const reader = buffers.SocketReader.prototype;
  const { pass } = reader;
  reader.pass = function (chunk): void {
    pass.call(this, chunk);
    poison(chunk);
  };
  const memory = buffers.WRITE_MEMORY;
  const take = memory.take.bind(memory);
  memory.take = (length): Buffer => {
    const message = take(length);
    new Uint8Array(message.buffer).fill(POISON);
    return message;
  };
  const listeners = new WeakSet<DataListener>();
  const prototype = Socket.prototype as unknown as Patched;
  const { on, addListener, emit } = prototype;

  const register = (original: Patched["on"]) =>
    function (this: Socket, event: string, listener: DataListener): Socket {
      if (event === "data" && isOurs(callers()[0])) listeners.add(listener);
      return original.call(this, event, listener);
    };
  prototype.on = register(on);
  prototype.addListener = register(addListener);

  prototype.emit = function (event, ...values): boolean {
    if (event !== "data") return emit.call(this, event, ...values);
    // Checked before the call, because a listener may remove itself. Other listeners, such as that of node:http, may
    // keep the bytes.
    const all = this.listeners("data") as DataListener[];
    const isPoisoned = all.length > 0 && all.every((each) => listeners.has(each));
    const result = emit.call(this, event, ...values);
    const [chunk] = values;
    if (isPoisoned && chunk instanceof Uint8Array) poison(chunk);
    return result;
  };
}

/** Overwrites bytes at once, or when the last loan on their memory ends. */
function poisoner(buffers: ReadBuffers): (bytes: Uint8Array) => void {
  const lent = new WeakMap<ArrayBufferLike, Uint8Array[]>();
  buffers.onReturn((memory) => {
    for (const bytes of lent.get(memory) ?? []) bytes.fill(POISON);
    lent.delete(memory);
  });
  return (bytes) => {
    if (!buffers.isLent(bytes.buffer)) return void bytes.fill(POISON);
    const waiting = lent.get(bytes.buffer);
    if (waiting === undefined) lent.set(bytes.buffer, [bytes]);
    else waiting.push(bytes);
  };
}

/** The files of the callers of the function that calls this one, the nearest first. */
function callers(): string[] {
  const { stackTraceLimit } = Error;
  const prepare: unknown = Reflect.get(Error, "prepareStackTrace");
  try {
    Error.stackTraceLimit = 12;
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName() ?? "");
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callers);
    return (holder.stack as string[]).slice(1);
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepare);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function isOurs(file: string | undefined): boolean {
  if (file === undefined) return false;
  return OURS.test(file.startsWith("file:") ? fileURLToPath(file) : file);
}
