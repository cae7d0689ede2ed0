import { Socket } from "node:net";
import { SHARED_BUFFER } from "./read-buffers.js";

/** Called with the number of bytes that have been read into the buffer. Returns whether to read on. */
export type OnRead = (bytes: number) => boolean;

/**
 * A socket with the option `onread` reads into memory that the program chooses. But node:net accepts the option only
 * for sockets that it connects itself: not for accepted ones, and not for TLS on an existing socket. These fields of a
 * socket hold the option.
 */
interface OnReadFields {
  /** The buffer of the next read; null without `onread`. */
  buffer: symbol;
  /** An OnRead. */
  callback: symbol;
  /** Called after each callback, if not null: returns the next buffer. */
  generator: symbol;
}

/** The part of a TCP or TLS handle that begins to read into memory of the program. It cannot be undone. */
interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

type Hookable = Socket & { _handle: Handle | null } & Record<symbol, unknown>;

/** null if this version of Node.js has no such fields; undefined before the first use. */
let onReadFields: OnReadFields | null | undefined;

/**
 * Makes `socket` read into the shared buffer and call `onRead` instead of its stream.
 * @returns false if that is impossible: this version of Node.js lacks the means, or the socket has an `onread` already.
 */
export function hookReads(socket: Socket, onRead: OnRead): boolean {
  if (onReadFields === undefined) onReadFields = findFields();
  if (onReadFields === null) return false;
  const fields = socket as Hookable;
  const { _handle: handle } = fields;
  if (fields[onReadFields.buffer] !== null || typeof handle?.useUserBuffer !== "function") return false;
  handle.useUserBuffer(SHARED_BUFFER);
  fields[onReadFields.buffer] = SHARED_BUFFER;
  fields[onReadFields.callback] = onRead;
  return true;
}

/** From now on, `next` returns the buffer of the next read of a hooked socket. */
export function chooseBuffers(socket: Socket, next: () => Buffer): void {
  (socket as Hookable)[(onReadFields as OnReadFields).generator] = next;
}

/** From now on, no socket can be hooked: for tests of a version of Node.js that lacks the means. */
export function disableReadHook(): void {
  onReadFields = null;
}

function findFields(): OnReadFields | null {
  const symbols = Object.getOwnPropertySymbols(new Socket());
  const [buffer, callback, generator] = ["kBuffer", "kBufferCb", "kBufferGen"].map((name) =>
    symbols.find(({ description }) => description === name),
  );
  if (buffer === undefined || callback === undefined || generator === undefined) return null;
  return { buffer, callback, generator };
}
