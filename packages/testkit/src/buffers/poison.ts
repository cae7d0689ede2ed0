import { Socket } from "node:net";
import { fileURLToPath } from "node:url";

/** Every byte of a buffer after its callback: in a text it shows as mojibake, in a length as a huge number. */
export const POISON = 0xdb;

/** Buffers that a socket still sends from; package net keeps the record. */
export interface Loans {
  isLent(memory: ArrayBufferLike): boolean;
  /** Calls `listener` whenever the last loan on a buffer ends. */
  onReturn(listener: (memory: ArrayBufferLike) => void): void;
}

type DataListener = (chunk: unknown) => void;
type OnRead = (bytes: number, buffer: Uint8Array) => boolean;
/** The parts of a socket that are patched, without their overloads. */
interface Patched {
  on: (this: Socket, event: string, listener: DataListener) => Socket;
  addListener: (this: Socket, event: string, listener: DataListener) => Socket;
  emit: (this: Socket, event: string, ...values: unknown[]) => boolean;
  connect: (this: Socket, ...values: unknown[]) => Socket;
}

/** A module of a package of ours, compiled or not, that is no test. */
const OURS = /\/packages\/(?:protocol|net|gateway|server|client|cli)\/(?:dist|src)\/(?!.*\.(?:test|suite)\.[jt]s$)/;

/**
 * From now on, what sockets read for Postern's code is overwritten with POISON as soon as the callback has returned:
 * bytes are valid during the call, and code that keeps them without copying finds garbage. Sockets whose listeners
 * belong to node:http, package ws or a test stay as they are: the caller that registers the listener decides.
 */
export function poisonReads(loans?: Loans): void {
  const poison = poisoner(loans);
  const listeners = new WeakSet<DataListener>();
  const prototype = Socket.prototype as unknown as Patched;
  const { on, addListener, emit, connect } = prototype;

  const register = (original: Patched["on"]) =>
    function (this: Socket, event: string, listener: DataListener): Socket {
      if (event === "data" && isOurs(callers()[0])) listeners.add(listener);
      return original.call(this, event, listener);
    };
  prototype.on = register(on);
  prototype.addListener = register(addListener);

  prototype.emit = function (event, ...values): boolean {
    if (event !== "data") return emit.call(this, event, ...values);
    // Before the call: a listener may remove itself. Where node:http listens as well, it may keep what it reads.
    const all = this.listeners("data") as DataListener[];
    const isPoisoned = all.length > 0 && all.every((each) => listeners.has(each));
    const result = emit.call(this, event, ...values);
    const [chunk] = values;
    if (isPoisoned && chunk instanceof Uint8Array) poison(chunk);
    return result;
  };

  prototype.connect = function (...values): Socket {
    if (isOurs(callers().find((file) => !file.startsWith("node:")))) poisonOnRead(this, poison);
    return connect.apply(this, values);
  };
}

/** Wraps the `onread` callback, which a socket keeps under a symbol of its own. */
function poisonOnRead(socket: Socket, poison: (bytes: Uint8Array) => void): void {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kBufferCb");
  if (symbol === undefined)
    throw new Error("this Node keeps a socket's onread callback elsewhere: poison.ts must follow");
  const fields = socket as unknown as Record<symbol, OnRead | null>;
  const callback = fields[symbol];
  if (typeof callback !== "function") return;
  fields[symbol] = (bytes, buffer) => {
    const result = callback(bytes, buffer);
    poison(buffer.subarray(0, bytes));
    return result;
  };
}

/** Overwrites bytes at once, or when the last loan on their memory ends. */
function poisoner(loans: Loans | undefined): (bytes: Uint8Array) => void {
  const lent = new WeakMap<ArrayBufferLike, Uint8Array[]>();
  loans?.onReturn((memory) => {
    for (const bytes of lent.get(memory) ?? []) bytes.fill(POISON);
    lent.delete(memory);
  });
  return (bytes) => {
    if (loans?.isLent(bytes.buffer) !== true) return void bytes.fill(POISON);
    const waiting = lent.get(bytes.buffer);
    if (waiting === undefined) lent.set(bytes.buffer, [bytes]);
    else waiting.push(bytes);
  };
}

/** The files of the functions that called the one that called this one, the nearest first. */
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
