import { crc32 } from "node:zlib";
import type { FileContent } from "./disk/file-content.js";
import { BLOCKS } from "./file-blocks.js";
import { stillHolds } from "./still-holds.js";

/** Bytes of a file in memory that are passed on at once. */
const PIECE = 256 * 1024;

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

/**
 * Passes on parts of a file, as fast as the visitor reads it. A file that is not in memory is checked before the last
 * bytes of a part are passed on: if it has changed, they never are. If it has only grown, they are: the bytes before
 * them are read again, because a file that is written again can grow too. Reused.
 */
export class FileBody {
  /** Bytes passed to the sink since `begin`. */
  bytes = 0;
  readonly #sink: FileBodySink;
  #content: FileContent | undefined;
  /** Where the part begins. */
  #start = 0;
  #position = 0;
  #end = 0;
  /** CRC-32 of the bytes of the part that were read; undefined if the file is not expected to grow. */
  #sum: number | undefined;
  /** Bytes that were passed on and have not been sent. */
  #unsent = 0;
  /** The block that is being read, or whose bytes are not passed on yet: `#ready` of them. */
  #next: Buffer | undefined;
  #ready = 0;
  /** Whether a read waits for its turn. Until then it has no block. */
  #isWaiting = false;
  /** The block whose bytes are being sent. */
  #sending: Buffer | undefined;
  #isPassing = false;
  #isOver = false;
  /** Whether all bytes were passed on. */
  #isDone = false;
  /** Parts after the current one, the first one last. */
  readonly #parts: FilePart[] = [];

  constructor(sink: FileBodySink) {
    this.#sink = sink;
  }

  /** A request begins. */
  begin(): void {
    this.bytes = this.#unsent = this.#ready = 0;
    this.#isOver = this.#isDone = false;
  }

  /** Passes on the bytes from `start` to `end` of `content`, which is in use until then. */
  send(content: FileContent, start: number, end: number): void {
    this.#content = content;
    this.#setPart(start, end);
    this.#continue();
  }

  /** Passes on several parts of `content`, which is in use until then. */
  sendParts(content: FileContent, parts: readonly FilePart[]): void {
    this.#parts.push(...parts.toReversed());
    this.send(content, 0, 0);
  }

  /** Passes on bytes that are not from a file. */
  sendBytes(parts: readonly Buffer[]): void {
    for (const part of parts) this.#pass(part);
    this.#sink.onFileEnd();
  }

  /** `bytes` have been sent to the visitor. */
  sent(bytes: number): void {
    this.#unsent -= bytes;
    if (this.#isPassing || this.#unsent > 0) return;
    this.#giveSent();
    this.#continue();
  }

  /** The request is over. @param isSent whether all bytes have been sent, so that no socket refers to them */
  end(isSent: boolean): void {
    this.#isOver = true;
    this.#parts.length = 0;
    if (isSent) this.#giveSent();
    else if (this.#sending !== undefined) BLOCKS.lose(this.#sending);
    this.#sending = undefined;
    const isReading = this.#isWaiting || (this.#next !== undefined && this.#ready === 0);
    if (!isReading) this.#release(isSent);
  }

  #continue(): void {
    const content = this.#content;
    if (content === undefined || this.#isDone) return;
    do {
      const isPassed = content.bytes === undefined ? this.#passRead(content) : this.#passAll(content.bytes);
      if (!isPassed) return;
    } while (this.#beginPart());
    this.#isDone = true;
    this.#sink.onFileEnd();
  }

  /** @returns false if there are no more parts */
  #beginPart(): boolean {
    const part = this.#parts.pop();
    if (part === undefined) return false;
    this.#setPart(part.start, part.end);
    this.#pass(part.lead);
    return true;
  }

  #setPart(start: number, end: number): void {
    this.#start = this.#position = start;
    this.#end = end;
    this.#sum = this.#content?.mayGrow === true ? 0 : undefined;
  }

  /** @returns false if some of the part has to wait */
  #passAll(bytes: Buffer): boolean {
    while (this.#position < this.#end && this.#unsent === 0) {
      const start = this.#position;
      this.#position = Math.min(this.#end, start + PIECE);
      const isWhole = start === 0 && this.#position === bytes.length;
      this.#pass(isWhole ? bytes : bytes.subarray(start, this.#position));
    }
    return this.#position === this.#end;
  }

  /** Passes on the block that was read. While there is plenty of memory, it reads the next one. @returns as above */
  #passRead(content: FileContent): boolean {
    while (this.#ready > 0 && this.#unsent === 0) {
      const block = this.#next as Buffer;
      const bytes = this.#ready;
      this.#next = undefined;
      this.#ready = 0;
      this.#sending = block;
      if (BLOCKS.hasPlenty) this.#read(content);
      this.#pass(bytes === block.length ? block : block.subarray(0, bytes));
      if (this.#unsent === 0) this.#giveSent();
    }
    if (this.#sending === undefined) this.#read(content);
    return this.#position === this.#end && this.#next === undefined && !this.#isWaiting;
  }

  #read(content: FileContent): void {
    if (this.#next !== undefined || this.#isWaiting || this.#position === this.#end) return;
    this.#isWaiting = true;
    content.read(this.#takeRoom, this.#end - this.#position, this.#position, this.#onRead);
  }

  readonly #takeRoom = (): Buffer | undefined => {
    this.#isWaiting = false;
    if (!this.#isOver) return (this.#next = BLOCKS.take(this.#end - this.#position));
    this.#release(false);
    return undefined;
  };

  readonly #onRead = (error: Error | null, bytes: number): void => {
    if (this.#isOver) return this.#release(false);
    if (error !== null || bytes === 0) return this.#break();
    const content = this.#content as FileContent;
    this.#position += bytes;
    if (this.#sum !== undefined) this.#sum = crc32((this.#next as Buffer).subarray(0, bytes), this.#sum);
    if (this.#position < this.#end) return this.#use(bytes);
    this.#isAsSent(content).then(
      (isAsSent) => (isAsSent ? this.#use(bytes) : this.#break()),
      () => this.#break(),
    );
  };

  /** Whether the file has the bytes that were read. */
  async #isAsSent(content: FileContent): Promise<boolean> {
    const change = await content.change();
    const sum = this.#sum;
    if (change !== "grown" || sum === undefined) return change === "none";
    return stillHolds(content, { start: this.#start, end: this.#end, sum }, () => !this.#isOver);
  }

  /** The next block is ready. */
  #use(bytes: number): void {
    if (this.#isOver) return this.#release(false);
    this.#ready = bytes;
    try {
      this.#continue();
    } catch (error) {
      this.#sink.onFault(error);
    }
  }

  #break(): void {
    if (this.#isOver) return this.#release(false);
    BLOCKS.give(this.#next as Buffer);
    this.#next = undefined;
    this.#sink.onFileBroken();
  }

  #pass(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#unsent += bytes.length;
    this.#isPassing = true;
    this.#sink.onFileBytes(bytes);
    this.#isPassing = false;
  }

  #giveSent(): void {
    if (this.#sending !== undefined) BLOCKS.give(this.#sending);
    this.#sending = undefined;
  }

  #release(isSent: boolean): void {
    if (this.#next !== undefined) BLOCKS.give(this.#next);
    this.#next = undefined;
    this.#ready = 0;
    this.#content?.release(isSent);
    this.#content = undefined;
  }
}
