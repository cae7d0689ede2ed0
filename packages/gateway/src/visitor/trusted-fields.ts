import { Field, meaningOf, type RequestHead } from "../http/index.js";

const REQUEST_ID = "x-request-id";
const NAME = /^[a-z0-9-]+$/;
/** Visible ASCII, because the id is shown in pages, logs and events. */
const VALID_ID = /^[!-~]{1,128}$/;
/** The gateway writes these itself, or its routing depends on them. */
const OURS = /^(?:x-forwarded-(?:for|proto|host)|x-real-ip|forwarded|via|postern-.*)$/;

/**
 * The identity fields that trusted proxies may pass on to origins, for instance the name of a user who logged in at the
 * proxy. They are removed from all other requests. None of them affects routing.
 */
export class TrustedFields {
  readonly #names: readonly string[];
  /** Those that are identity fields only because they are listed. */
  readonly claimed: readonly string[];
  readonly #passesRequestId: boolean;

  /**
   * @param names names of fields, in any case
   * @throws RangeError that names a field which the gateway writes itself or which has another meaning.
   */
  constructor(names: readonly string[] = []) {
    const all = [...new Set(names.map((name) => name.toLowerCase()))];
    const unfit = all.find((name) => !mayBeTrusted(name));
    if (unfit !== undefined)
      throw new RangeError(
        `${JSON.stringify(unfit)} is not a field that a proxy can pass on. Use fields such as X-Forwarded-User.`,
      );
    this.#passesRequestId = all.includes(REQUEST_ID);
    this.#names = all.filter((name) => name !== REQUEST_ID);
    this.claimed = all.filter((name) => meaningOf(name) === Field.other);
  }

  /**
   * Decides which of the fields `head.write` passes on. A field that arrives twice is dropped: one of the two may be
   * the visitor's.
   * @param isTrusted whether the request comes from a trusted proxy
   */
  select(head: RequestHead, isTrusted: boolean): void {
    for (const name of this.claimed) head.claimIdentity(name);
    if (isTrusted) for (const name of this.#names) head.admitIdentity(name);
  }

  /** The id that a trusted proxy gave the request; empty if there is no valid one. */
  requestId(head: RequestHead): string {
    const id = this.#passesRequestId ? head.fieldValue(REQUEST_ID, Field.identity) : "";
    return VALID_ID.test(id) ? id : "";
  }
}

function mayBeTrusted(name: string): boolean {
  if (!NAME.test(name)) return false;
  const meaning = meaningOf(name);
  return (meaning === Field.other || meaning === Field.identity) && !OURS.test(name);
}
