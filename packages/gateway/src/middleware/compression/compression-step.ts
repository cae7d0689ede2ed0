import { visitorKey } from "../rate-limit/visitor-key.js";
import type { Step, StepRequest } from "../step.js";
import { HIGHEST_LEVELS, type Coding, type CodingName } from "./coding.js";
import { CodingChoice, NO_WISHES, type Wishes } from "./coding-choice.js";
import { CompressionFilter, type CompressionRules } from "./compression-filter.js";
import { ENCODER_ROOM, type EncoderRoom } from "./encoder-room.js";
import { ENCODERS, type Encoders } from "./encoders.js";
import { unmarkedTags } from "./marked-tag.js";
import { MediaTypes } from "./media-types.js";
import { forbidsChanges } from "./no-transform.js";

export interface CompressionOptions {
  /** The codings to offer, with their levels: at most HIGHEST_LEVELS. */
  readonly levels: Readonly<Partial<Record<CodingName, number>>>;
  /** Shorter bodies are not compressed, in bytes. */
  readonly threshold: number;
  /** The media types to compress: `text/html`, `text/*`, `application/*+json`. */
  readonly types: readonly string[];
}

const NO_CODINGS: ReadonlyMap<string, CodingName> = new Map();

/** Compresses the responses of a route. */
export class CompressionStep implements Step {
  readonly name = "compression";
  readonly #choice: CodingChoice;
  readonly #rules: CompressionRules;
  readonly #names: readonly CodingName[];

  /** @throws RangeError for a level that is not valid. */
  constructor(
    { levels, threshold, types }: CompressionOptions,
    encoders: Encoders = ENCODERS,
    room: EncoderRoom = ENCODER_ROOM,
  ) {
    const codings = new Map<CodingName, Coding>();
    for (const [name, highest] of Object.entries(HIGHEST_LEVELS) as [CodingName, number][]) {
      const level = levels[name];
      if (level === undefined) continue;
      if (!Number.isInteger(level) || level < 1 || level > highest)
        throw new RangeError(`The level of ${name} must be from 1 to ${highest}.`);
      codings.set(name, { name, level });
    }
    this.#names = [...codings.keys()];
    this.#choice = new CodingChoice(this.#names);
    this.#rules = { codings, threshold, types: new MediaTypes(types), encoders, room };
  }

  check(request: StepRequest): undefined {
    const wishes = forbidsChanges(request.fieldValues("cache-control"))
      ? NO_WISHES
      : this.#choice.wishesOf(request.fieldValues("accept-encoding"));
    this.#unmark(request, "if-match", this.#names);
    const unmarked = this.#unmark(request, "if-none-match", this.#codingsToConfirm(request, wishes));
    request.filter(new CompressionFilter(this.#rules, { wishes, visitor: visitorKey(request.address), unmarked }));
    return undefined;
  }

  /**
   * A response 304 must not confirm a body in a coding that the visitor does not accept: a cache asks for all its
   * visitors with the tags of all the bodies that it has.
   */
  #codingsToConfirm({ method }: StepRequest, { codings }: Wishes): readonly CodingName[] {
    return method === "GET" || method === "HEAD" ? codings : this.#names;
  }

  /** @returns the codings that were marked, by the tag of the target */
  #unmark(request: StepRequest, name: string, codings: readonly CodingName[]): ReadonlyMap<string, CodingName> {
    const list = request.changedValue(name) ?? request.fieldValues(name);
    const unmarked = list === "" ? undefined : unmarkedTags(list, codings);
    if (unmarked === undefined) return NO_CODINGS;
    request.edit({ names: [name], lines: `${FIELDS[name]}: ${unmarked.list}\r\n` });
    return unmarked.codings;
  }
}

const FIELDS: Readonly<Record<string, string>> = { "if-match": "If-Match", "if-none-match": "If-None-Match" };
