import { ByteStore } from "@postern/net";
import { BODY_QUOTA, type BodyPayer, type BodyQuota } from "../../bodies/body-quota.js";
import type { BodyCoder, CodedSink } from "../../filters/response-filter.js";
import type { Refusal } from "../../http/index.js";
import type { BodyChanges } from "./body-changes.js";
import { BodyDecoder, type Coding } from "./body-decoder.js";
import { mostAfter, TransformFault, type BodyEdit } from "./body-edit.js";
import type { BodyType } from "./body-type.js";
import { CharsetConverter } from "./charset.js";
import { REGEX_FLAGS } from "./regex-subset.js";
import { REGEX_LIMITS, REGEX_THREADS, type RegexThreads } from "./regex-threads.js";

/** A changed JSON body of up to this many bytes is passed on when it is complete: a flaw then leads to a page. */
export const MOST_WHOLE = 64 * 1024;

/** One body to change. */
export interface TransformedBody {
  readonly changes: BodyChanges;
  readonly type: BodyType;
  readonly coding: Coding | undefined;
  /** Whose memory it uses. */
  readonly payer: BodyPayer;
  /** Reports why it cannot be changed. @returns what the visitor gets */
  readonly refuse: (fault: TransformFault) => Refusal;
}

export interface TransformDependencies {
  readonly threads?: RegexThreads;
  readonly quota?: BodyQuota;
}

/** Changes one body: decodes it, converts it to UTF-8, replaces texts, and then edits it as JSON. */
export class TransformCoder implements BodyCoder {
  readonly #body: TransformedBody;
  readonly #threads: RegexThreads;
  readonly #quota: BodyQuota;
  readonly #decoder: BodyDecoder | undefined;
  /** Those before the text is collected for regular expressions. */
  readonly #edits: BodyEdit[];
  /** Those after it. */
  readonly #editsOfText: BodyEdit[];
  /** The text, if regular expressions change it. */
  readonly #text: ByteStore | undefined;
  #charged = 0;
  /** What has been changed and waits for the rest. */
  #whole: Buffer[] = [];
  #wholeBytes = 0;
  #isWhole: boolean;
  #sink: CodedSink | undefined;
  #isOver = false;

  constructor(body: TransformedBody, { threads = REGEX_THREADS, quota = BODY_QUOTA }: TransformDependencies = {}) {
    const { changes, type, coding } = body;
    this.#body = body;
    this.#threads = threads;
    this.#quota = quota;
    this.#decoder = coding && new BodyDecoder(coding, this.#decoded);
    const converter = changes.mustConvert(type.charset) ? [new CharsetConverter(type.charset)] : [];
    const json = changes.jsonEdit(type);
    const edits = json === undefined ? [] : [json];
    const isCollected = changes.regexRules !== undefined;
    this.#edits = isCollected ? converter : [...converter, ...changes.literalEdits(), ...edits];
    this.#editsOfText = isCollected ? edits : [];
    this.#text = isCollected ? new ByteStore() : undefined;
    this.#isWhole = isCollected || (json !== undefined && !type.isSequence);
  }

  /** Becomes false when a JSON body turns out to be large. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  begin(sink: CodedSink): void {
    this.#sink = sink;
  }

  write(piece: Buffer): void {
    if (this.#isOver) return;
    if (this.#decoder !== undefined) return this.#decoder.write(Buffer.from(piece));
    this.#try(() => this.#change(piece));
    if (!this.#isOver) this.#sink?.onTaken(piece.length);
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#decoder === undefined) this.#end();
    else this.#decoder.end();
  }

  resume(): void {
    this.#decoder?.resume();
  }

  close(): void {
    this.#isOver = true;
    this.#whole = [];
    this.#decoder?.close();
    this.#release();
  }

  readonly #decoded = {
    onDecoded: (bytes: Buffer): void => {
      this.#try(() => this.#change(bytes));
      if (!this.#isOver && this.#sink?.isFull === true) this.#decoder?.pause();
    },
    onTaken: (bytes: number): void => this.#sink?.onTaken(bytes),
    onDecodedEnd: (): void => this.#end(),
    onFault: (fault: TransformFault): void => this.#fail(fault),
  };

  #change(bytes: Buffer): void {
    const changed = changedBy(this.#edits, bytes, mostAfter(bytes.length));
    if (this.#text === undefined) this.#pass(changed);
    else this.#collect(this.#text, changed);
  }

  #collect(text: ByteStore, bytes: Buffer): void {
    if (text.length + bytes.length > REGEX_LIMITS.body)
      throw new TransformFault("size", "the body is too large for regular expressions: they change up to 1 MiB");
    if (!this.#quota.take(this.#body.payer, bytes.length))
      throw new TransformFault("busy", "bodies of other requests use all of the memory for them");
    this.#charged += bytes.length;
    text.add(bytes);
  }

  #end(): void {
    this.#try(() => {
      const rest = restOf(this.#edits);
      if (this.#text === undefined) {
        this.#pass(rest);
        return this.#finish();
      }
      this.#collect(this.#text, rest);
      void this.#changeText(this.#text.bytes);
    });
  }

  async #changeText(body: Buffer): Promise<void> {
    const rules = this.#body.changes.regexRules ?? [];
    const most = mostAfter(body.length);
    try {
      const task = { body: new Uint8Array(body), rules, flags: REGEX_FLAGS, most };
      const text = body.length === 0 ? body : await this.#threads.change(task, this.#body.payer.owner);
      if (this.#isOver) return;
      this.#pass(changedBy(this.#editsOfText, text, most));
      this.#pass(restOf(this.#editsOfText));
      this.#finish();
    } catch (error) {
      this.#fail(error);
    }
  }

  #pass(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.#isWhole) return this.#sink?.onCoded(bytes);
    this.#whole.push(Buffer.from(bytes));
    this.#wholeBytes += bytes.length;
    if (this.#text !== undefined || this.#wholeBytes <= MOST_WHOLE) return;
    this.#isWhole = false;
    this.#passWhole();
  }

  #passWhole(): void {
    const whole = this.#whole;
    this.#whole = [];
    for (const bytes of whole) this.#sink?.onCoded(bytes);
  }

  #finish(): void {
    this.#passWhole();
    this.#isOver = true;
    this.#release();
    this.#sink?.onCodedEnd();
  }

  #try(change: () => void): void {
    if (this.#isOver) return;
    try {
      change();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    // Whatever went wrong, the body has not been changed.
    const fault = error instanceof TransformFault ? error : new TransformFault("busy", `of an error: ${String(error)}`);
    this.#sink?.onFailed(this.#body.refuse(fault));
  }

  #release(): void {
    if (this.#charged > 0) this.#quota.give(this.#body.payer, this.#charged);
    this.#charged = 0;
  }
}

/** What the edits, each after the one before it, make of a piece. */
function changedBy(edits: readonly BodyEdit[], piece: Buffer, most: number): Buffer {
  let bytes = piece;
  for (const edit of edits) {
    if (bytes.length === 0) return bytes;
    bytes = edit.write(bytes, most);
  }
  return bytes;
}

/** What is left in the edits at the end of the body. */
function restOf(edits: readonly BodyEdit[]): Buffer {
  const rests = edits.map((edit, n) => changedBy(edits.slice(n + 1), edit.end(), mostAfter(0)));
  return Buffer.concat(rests);
}
