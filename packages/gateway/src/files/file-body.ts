import { BLOCK, giveBlock, takeBlock } from "./disk/block-pool.js";
import type { FileContent } from "./disk/file-content.js";

/** Bytes of one response that are passed on and not sent. While one block is sent, the next one is read. */
const MOST_UNSENT = 2 * BLOCK;

/** Receives the bytes of a file. */
export interface FileBodySink {
  /** `bytes` do not change until `sent` has been called for them. */
  onFileBytes(bytes: Buffer): void;
  onFileEnd(): void;
  /** The file has changed, or cannot be read any more. */
  onFileBroken(): void;
  onFault(error: unknown): void;
}

/** A range of a file, and what comes before it. */
export interface FilePart {
  readonly lead: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Bytes that are being sent. */
interface SentBlock {
  /** The block that contains them; undefined for bytes that are in no block. */
  readonly block: Buffer | undefined;
  /** How many of its bytes are not sent. */
  unsent: number;
}

/**
 * Passes on parts of a file, as fast as the visitor reads it. A file that is not in memory is checked before the last
 * bytes of a part are passed on: if it has changed, they never are. Reused.
 */
export class FileBody {
  /** Bytes passed to the sink since `begin`. */
  bytes = 0;
  readonly #sink: FileBodySink;
  #content: FileContent | undefined;
  #position = 0;
  #end = 0;
  #unsent = 0;
  /** The block that is being read, or whose bytes wait for the check. */
  #reading: Buffer | undefined;
  #isPassing = false;
  #isOver = false;
  readonly #blocks: SentBlock[] = [];
  /** Parts after the current one, the first one last. */
  readonly #parts: FilePart[] = [];

  constructor(sink: FileBodySink) {
    this.#sink = sink;
  }

  /** A request begins. */
  begin(): void {
    this.bytes = this.#unsent = 0;
    this.#isOver = false;
  }

  /** Passes on the bytes from `start` to `end` of `content`, which is in use until then. */
  send(content: FileContent, start: number, end: number): void {
    this.#content = content;
    this.#position = start;
    this.#end = end;
    this.#continue();
  }

  /** Passes on several parts of `content`, which is in use until then. */
  sendParts(content: FileContent, parts: readonly FilePart[]): void {
    this.#parts.push(...parts.toReversed());
    this.send(content, 0, 0);
  }

  /** Passes on bytes that are not from a file. */
  sendBytes(bytes: Buffer): void {
    this.#pass(bytes);
    this.#sink.onFileEnd();
  }

  /** `bytes` have been sent to the visitor. */
  sent(bytes: number): void {
    this.#unsent -= bytes;
    let rest = bytes;
    while (rest > 0 && this.#blocks.length > 0) {
      const first = this.#blocks[0]!;
      const sent = Math.min(rest, first.unsent);
      rest -= sent;
      first.unsent -= sent;
      if (first.unsent > 0) break;
      if (first.block !== undefined) giveBlock(first.block);
      this.#blocks.shift();
    }
    if (!this.#isPassing) this.#continue();
  }

  /** The request is over. Blocks that are not sent are not used again: a socket may still refer to them. */
  end(): void {
    this.#isOver = true;
    this.#blocks.length = this.#parts.length = 0;
    if (this.#reading === undefined) this.#release();
  }

  #continue(): void {
    const content = this.#content;
    if (content === undefined) return;
    do {
      if (this.#position < this.#end && content.bytes === undefined) return this.#read(content);
      if (this.#position < this.#end && !this.#passAll(content.bytes!)) return;
    } while (this.#beginPart(content));
    this.#complete();
  }

  /** @returns false if there are no more parts */
  #beginPart({ bytes }: FileContent): boolean {
    const part = this.#parts.pop();
    if (part === undefined) return false;
    this.#position = part.start;
    this.#end = part.end;
    if (bytes === undefined) this.#blocks.push({ block: undefined, unsent: part.lead.length });
    this.#pass(part.lead);
    return true;
  }

  /** @returns false if some of the part has to wait */
  #passAll(bytes: Buffer): boolean {
    while (this.#position < this.#end && this.#unsent < MOST_UNSENT) {
      const start = this.#position;
      this.#position = Math.min(this.#end, start + BLOCK);
      const isWhole = start === 0 && this.#position === bytes.length;
      this.#pass(isWhole ? bytes : bytes.subarray(start, this.#position));
    }
    return this.#position === this.#end;
  }

  #read(content: FileContent): void {
    if (this.#reading !== undefined || this.#unsent > BLOCK) return;
    this.#reading = takeBlock();
    content.read(this.#reading, Math.min(BLOCK, this.#end - this.#position), this.#position, this.#onRead);
  }

  readonly #onRead = (error: Error | null, bytes: number): void => {
    if (this.#isOver) return this.#dropRead();
    if (error !== null || bytes === 0) return this.#break();
    this.#position += bytes;
    if (this.#position < this.#end) return this.#passRead(bytes);
    const content = this.#content as FileContent;
    content.isUnchanged().then(
      (isUnchanged) => (isUnchanged ? this.#passRead(bytes) : this.#break()),
      () => this.#break(),
    );
  };

  #passRead(bytes: number): void {
    if (this.#isOver) return this.#dropRead();
    try {
      const block = this.#reading as Buffer;
      this.#reading = undefined;
      this.#blocks.push({ block, unsent: bytes });
      this.#pass(bytes === block.length ? block : block.subarray(0, bytes));
      this.#continue();
    } catch (error) {
      this.#sink.onFault(error);
    }
  }

  #pass(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#unsent += bytes.length;
    this.#isPassing = true;
    this.#sink.onFileBytes(bytes);
    this.#isPassing = false;
  }

  #complete(): void {
    this.#release();
    this.#sink.onFileEnd();
  }

  #break(): void {
    this.#dropRead();
    this.#sink.onFileBroken();
  }

  #dropRead(): void {
    if (this.#reading !== undefined) giveBlock(this.#reading);
    this.#reading = undefined;
    this.#release();
  }

  #release(): void {
    this.#content?.release();
    this.#content = undefined;
  }
}
