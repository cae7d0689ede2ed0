import type { Refusal } from "../http/index.js";

/** The head of a response that filters may change. Names of fields are given in lower case. */
export interface FilteredHead {
  /** The method of the request. */
  readonly method: string;
  readonly status: number;
  /** Whether a body follows, which may be empty. There is none after HEAD, or with a status such as 304. */
  readonly hasBody: boolean;
  /** Whether there is content, or would be if the request were not HEAD. */
  readonly hasContent: boolean;
  /** Bytes of the body; -1 if unknown. */
  readonly contentLength: number;
  /** The values of all fields of this name, joined by commas; empty if there are none. */
  fieldValue(name: string): string;
  drop(name: string): void;
  /** @param line without its line end */
  add(line: string): void;
  /** A body would have another length, which is not known: for responses to HEAD. */
  dropLength(): void;
}

/** Changes responses on their way from the target to the visitor. One object may serve many requests. */
export interface ResponseFilter {
  /**
   * A final response begins, other than 101.
   * @returns what codes its body; undefined: the body passes unchanged. Never anything unless `head.hasBody`.
   */
  begin(head: FilteredHead): BodyCoder | undefined;
}

/** Receives what a coder makes of a body. All calls may come within a call of the coder, or later. */
export interface CodedSink {
  /** Whether much of what was coded waits to be sent. A coder that makes much of little stops until `resume`. */
  readonly isFull?: boolean;
  /** `bytes` are valid only during the call. */
  onCoded(bytes: Buffer): void;
  /** The coder needs `bytes` of its input no longer. */
  onTaken(bytes: number): void;
  /** All of the body has been passed to `onCoded`. The last call. */
  onCodedEnd(): void;
  /** The body cannot be coded. The visitor gets `refusal`, or a response that breaks off. The last call. */
  onFailed(refusal: Refusal): void;
  /** There was an error in the coder, while nothing else on the stack handles it. The last call. */
  onFault(error: unknown): void;
}

/** Codes one body. */
export interface BodyCoder {
  /**
   * Whether the length of the coded body is to be known before any of it is sent: it is held until its end. It may
   * change before the first call of `onCoded`, and does not matter if the head has been sent by then.
   */
  readonly isWhole: boolean;
  /** Called once, first. */
  begin(sink: CodedSink): void;
  /**
   * Codes a piece of the body. What is coded of it must reach the sink without further input, as far as possible:
   * bodies may be streams of events.
   * @param piece not empty, and valid only during the call
   */
  write(piece: Buffer): void;
  /** The body is complete. */
  end(): void;
  /** The sink is not full any more. */
  resume?(): void;
  /** Nothing more is needed. May come at any time, also after the last call of the sink. */
  close(): void;
}
