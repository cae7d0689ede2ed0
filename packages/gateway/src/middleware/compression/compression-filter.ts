import type { BodyCoder, FilteredHead, ResponseFilter } from "../../filters/response-filter.js";
import { parseTokens } from "../../http/list.js";
import { DIGEST_FIELDS } from "../digest-fields.js";
import { ENCODER_MEMORY, type Coding, type CodingName } from "./coding.js";
import type { Wishes } from "./coding-choice.js";
import { COMPRESSION_LIMITS, type EncoderRoom } from "./encoder-room.js";
import type { Encoders } from "./encoders.js";
import { markedTag } from "./marked-tag.js";
import { mediaType, type MediaTypes } from "./media-types.js";
import { forbidsChanges } from "./no-transform.js";
import { StreamCoder } from "./stream-coder.js";

/** What is compressed on a route, and how. */
export interface CompressionRules {
  readonly codings: ReadonlyMap<CodingName, Coding>;
  readonly threshold: number;
  readonly types: MediaTypes;
  readonly encoders: Encoders;
  readonly room: EncoderRoom;
}

/** What a request says about its response. */
export interface CompressionRequest {
  readonly wishes: Wishes;
  /** As `visitorKey` returns it. */
  readonly visitor: string;
  /** The codings of bodies that the visitor has, by their tags as the target knows them. */
  readonly unmarked: ReadonlyMap<string, CodingName>;
}

/** Each protects the bytes of a body, or a part of it. */
const PROTECTING = ["content-range", ...DIGEST_FIELDS] as const;
/** Statuses of responses without a body, and of parts of one. */
const UNCHANGED = new Set([204, 205, 206, 304]);

/** Compresses the response to one request. */
export class CompressionFilter implements ResponseFilter {
  readonly #rules: CompressionRules;
  readonly #request: CompressionRequest;

  constructor(rules: CompressionRules, request: CompressionRequest) {
    this.#rules = rules;
    this.#request = request;
  }

  begin(head: FilteredHead): BodyCoder | undefined {
    if (head.status === 304) return this.#confirm(head);
    if (!this.#mayCompress(head)) return undefined;
    addVary(head);
    const coding = this.#coding;
    if (coding === undefined) return undefined;
    const coder = head.hasBody ? this.#coderFor(head.contentLength, coding) : undefined;
    if (coder !== undefined || !head.hasBody) announce(head, coding.name);
    return coder;
  }

  get #coding(): Coding | undefined {
    const [name] = this.#request.wishes.codings;
    return name === undefined ? undefined : this.#rules.codings.get(name);
  }

  #mayCompress(head: FilteredHead): boolean {
    const { status, contentLength: length } = head;
    if (UNCHANGED.has(status) || !head.hasContent) return false;
    if (!/^(?:identity)?$/i.test(head.fieldValue("content-encoding"))) return false;
    if (PROTECTING.some((name) => head.fieldValue(name) !== "")) return false;
    if (forbidsChanges(head.fieldValue("cache-control"))) return false;
    const type = head.fieldValue("content-type");
    // An event stream is mostly silent, and its clients count on getting each event at once.
    if (mediaType(type) === "text/event-stream") return false;
    // A visitor that does not accept a body without a coding gets one in any case.
    if (this.#request.wishes.refusesIdentity) return true;
    return (length < 0 || length >= this.#rules.threshold) && this.#rules.types.includes(type);
  }

  /** @returns undefined if there is no room */
  #coderFor(length: number, coding: Coding): BodyCoder | undefined {
    const { encoders, room } = this.#rules;
    const { visitor } = this.#request;
    const isWhole = length >= 0 && length <= COMPRESSION_LIMITS.held;
    const stream = isWhole ? undefined : room.enter(visitor, ENCODER_MEMORY[coding.name]);
    if (stream !== undefined) return new StreamCoder({ coding, encoders, place: stream, form: "stream" });
    if (length < 0 || length > COMPRESSION_LIMITS.whole) return undefined;
    const place = room.enter(visitor, 0);
    return place && new StreamCoder({ coding, encoders, place, form: isWhole ? "whole" : "held" });
  }

  /** The body that the visitor has is the current one. */
  #confirm(head: FilteredHead): undefined {
    const type = head.fieldValue("content-type");
    if (type === "" || this.#rules.types.includes(type)) addVary(head);
    const etag = head.fieldValue("etag");
    const coding = this.#request.unmarked.get(etag);
    if (coding !== undefined) mark(head, etag, coding);
  }
}

/** Adapts the fields of a response whose body is compressed, or would be if it followed. */
function announce(head: FilteredHead, coding: CodingName): void {
  head.drop("content-encoding");
  head.add(`Content-Encoding: ${coding}`);
  if (!head.hasBody) head.dropLength();
  // A part of the compressed body cannot be requested.
  head.drop("accept-ranges");
  const etag = head.fieldValue("etag");
  if (etag !== "") mark(head, etag, coding);
}

function mark(head: FilteredHead, etag: string, coding: CodingName): void {
  const marked = markedTag(etag, coding);
  if (marked === etag) return;
  head.drop("etag");
  if (marked !== undefined) head.add(`ETag: ${marked}`);
}

function addVary(head: FilteredHead): void {
  const names = parseTokens(head.fieldValue("vary"));
  if (names?.includes("accept-encoding") !== true && names?.includes("*") !== true) head.add("Vary: Accept-Encoding");
}
