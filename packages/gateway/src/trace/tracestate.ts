/** Limits of the field `tracestate` (W3C Trace Context, section 3.3). */
export const TRACESTATE_LIMITS = {
  /** Members that a valid value may have. */
  members: 32,
  /** Characters that are passed on. */
  characters: 512,
  /** Members that are longer are dropped first if the value is too long. */
  longMember: 128,
} as const;

const KEY = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The value to pass on. One that is too long loses whole members: the long ones, and then the last ones.
 * @param value all fields of the request, joined by commas
 * @returns empty if it is empty or not valid
 */
export function passedTracestate(value: string): string {
  const members = value
    .split(",", 4 * TRACESTATE_LIMITS.members)
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length > TRACESTATE_LIMITS.members) return "";
  const keys = members.map(keyOf);
  if (keys.includes(undefined) || new Set(keys).size < keys.length) return "";
  return shortened(members).join(",");
}

function keyOf(member: string): string | undefined {
  const equals = member.indexOf("=");
  const key = member.slice(0, equals);
  return equals > 0 && KEY.test(key) && VALUE.test(member.slice(equals + 1)) ? key : undefined;
}

function shortened(members: readonly string[]): readonly string[] {
  const fits = (some: readonly string[]): boolean => some.join(",").length <= TRACESTATE_LIMITS.characters;
  if (fits(members)) return members;
  const kept = [...members];
  for (let n = kept.length - 1; n >= 0 && !fits(kept); n--)
    if (kept[n]!.length > TRACESTATE_LIMITS.longMember) kept.splice(n, 1);
  while (!fits(kept)) kept.pop();
  return kept;
}
