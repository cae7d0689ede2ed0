/** The position of a request in its trace: the value of the field `traceparent` (W3C Trace Context, section 3.2). */
export interface Traceparent {
  /** 32 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string;
  /** The span that sent the request: 16 hexadecimal digits, not all zero. */
  readonly parentId: string;
  /** Whether its sender may have recorded it. */
  readonly isSampled: boolean;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Only an invalid value has this version. */
const NO_VERSION = "ff";
const SAMPLED = 1;

/** Reads a value. A later version is read as far as version 00 defines it. @returns undefined if it is not valid */
export function parseTraceparent(value: string): Traceparent | undefined {
  const [, version, traceId, parentId, flags, rest] = FORM.exec(value) ?? [];
  if (version === undefined || traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (version === NO_VERSION || (version === "00" && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(parentId)) return undefined;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** Writes a value in version 00. Flags that this version does not define are not set. */
export function traceparentText({ traceId, parentId, isSampled }: Traceparent): string {
  return `00-${traceId}-${parentId}-${isSampled ? "01" : "00"}`;
}

function isZero(digits: string): boolean {
  return /^0+$/.test(digits);
}
