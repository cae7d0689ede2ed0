import { ByteStore } from "@postern/net";
import { Body, refusals, type BodySink, type Refusal, type Request } from "../http/index.js";
import { BODY_QUOTA, type BodyPayer, type BodyQuota } from "./body-quota.js";

/** The memory of a body that has not arrived, in bytes: nobody gets any number of them for nothing. */
const SMALLEST = 4_096;
/** A byte of input is kept twice: as it arrived, for the target, and as content. */
const COPIES = 2;

/**
 * Reads the body of a request for a step, from a copy of the visitor's input. The input itself is kept by its visitor
 * and read again when the request is admitted, so that the target gets what the visitor sent, framing included.
 */
export class ReadAhead implements BodySink {
  /** The content, without framing. Rejected if the request ends first. */
  readonly content: Promise<Buffer>;
  readonly #settle = Promise.withResolvers<Buffer>();
  readonly #most: number;
  readonly #payer: BodyPayer;
  readonly #quota: BodyQuota;
  readonly #body = new Body();
  readonly #store = new ByteStore();
  #input = 0;
  #charged = 0;

  /**
   * @param most the largest content, in bytes
   * @param payer whose memory it is
   */
  constructor(most: number, payer: BodyPayer, quota: BodyQuota = BODY_QUOTA) {
    this.#most = most;
    this.#payer = payer;
    this.#quota = quota;
    this.content = this.#settle.promise;
    // The step may have decided without it.
    this.content.catch(() => {});
  }

  /** Whether the whole body has arrived. */
  get isDone(): boolean {
    return this.#body.done;
  }

  /** @returns why the body is not read */
  begin({ chunked, contentLength }: Pick<Request, "chunked" | "contentLength">): Refusal | undefined {
    if (contentLength > this.#most) return refusals.PN_HTTP_BODY_TOO_LARGE;
    this.#body.begin(chunked ? "chunked" : "length", Math.max(0, contentLength), "data");
    this.#body.most = this.#most;
    if (!this.#charge(SMALLEST)) return refusals.PN_ACCESS_BODIES;
    if (this.isDone) this.#settle.resolve(this.#store.bytes);
    return undefined;
  }

  /** Reads the next piece of the input; what follows the body is ignored. @returns why it is not read any further */
  read(piece: Buffer): Refusal | undefined {
    if (this.isDone) return undefined;
    const end = this.#body.read(piece, 0, this);
    if (end < 0) return this.#body.refusal ?? refusals.PN_HTTP_CHUNK;
    this.#input += end;
    // Tiny chunks have more framing than content.
    if (this.#input > COPIES * this.#most + SMALLEST) return refusals.PN_HTTP_BODY_TOO_LARGE;
    const missing = COPIES * this.#input - this.#charged;
    if (missing > 0 && !this.#charge(missing)) return refusals.PN_ACCESS_BODIES;
    if (this.isDone) this.#settle.resolve(this.#store.bytes);
    return undefined;
  }

  passBody(chunk: Buffer): void {
    this.#store.add(chunk);
  }

  /** The request is over. */
  end(): void {
    if (this.#charged > 0) this.#quota.give(this.#payer, this.#charged);
    this.#charged = 0;
    this.#settle.reject(new Error("The request ended before its body had arrived."));
  }

  #charge(bytes: number): boolean {
    if (!this.#quota.take(this.#payer, bytes)) return false;
    this.#charged += bytes;
    return true;
  }
}
