import { AtOnceEncoder } from "./at-once-encoder.js";
import type { Coding } from "./coding.js";
import { Encoder } from "./encoder.js";

/** How many encoders of one kind are kept for the next bodies: as many as work at the same time. */
const MOST_KEPT = 2;

/** Time without a body after which they are dropped, in milliseconds. */
const IDLE = 10_000;

/** Encoders that are used for one body after another. */
export class Encoders {
  readonly #kept: Encoder[] = [];
  /** By coding and level. */
  readonly #atOnce = new Map<string, AtOnceEncoder>();
  #used = 0;
  #created = 0;
  /** Whether a body has begun since the last look. */
  #isBusy = false;
  /** Whether it will be looked at which of them are idle. */
  #isWatched = false;

  /** Encoders in use. */
  get used(): number {
    return this.#used;
  }

  /** Encoders that are not in use. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Encoders that were created so far. */
  get created(): number {
    return this.#created;
  }

  /** Compresses a short body. The result is valid until the next call. */
  encodeAtOnce(coding: Coding, body: Buffer): Buffer {
    const key = `${coding.name} ${coding.level}`;
    let encoder = this.#atOnce.get(key);
    if (encoder === undefined) this.#atOnce.set(key, (encoder = new AtOnceEncoder(coding)));
    this.#isBusy = true;
    this.#watch();
    return encoder.encode(body);
  }

  take(coding: Coding, isForWholes: boolean): Encoder {
    this.#used++;
    this.#isBusy = true;
    const index = this.#kept.findIndex((each) => isOfKind(each, coding, isForWholes));
    if (index >= 0) return this.#kept.splice(index, 1)[0]!;
    this.#created++;
    return new Encoder(coding, isForWholes);
  }

  /** @param isComplete whether its last body was complete */
  give(encoder: Encoder, isComplete: boolean): void {
    this.#used--;
    const { coding, isForWholes } = encoder;
    const others = this.#kept.filter((each) => isOfKind(each, coding, isForWholes)).length;
    if (!isComplete || others >= MOST_KEPT || !encoder.renew()) encoder.destroy();
    else this.#kept.push(encoder);
    this.#watch();
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    setTimeout(this.#dropIdle, IDLE).unref();
  }

  readonly #dropIdle = (): void => {
    this.#isWatched = false;
    if (this.#isBusy) this.#watch();
    else this.#drop();
    this.#isBusy = false;
  };

  #drop(): void {
    for (const encoder of this.#kept.splice(0)) encoder.destroy();
    for (const encoder of this.#atOnce.values()) encoder.drop();
  }
}

/** All gateways of the process share them. */
export const ENCODERS = new Encoders();

function isOfKind(encoder: Encoder, { name, level }: Coding, isForWholes: boolean): boolean {
  const { coding } = encoder;
  return coding.name === name && coding.level === level && encoder.isForWholes === isForWholes;
}
