import type { FieldEdits } from "../step.js";

/** Who a visitor is, as its provider says. */
export interface Identity {
  /** The `sub` claim: stable and unique at the provider. */
  readonly subject: string;
  /** Empty if the provider has not verified it. */
  readonly email: string;
  readonly groups: readonly string[];
}

/** The fields by which targets know a visitor. */
export const IDENTITY_FIELDS = ["x-forwarded-user", "x-forwarded-email", "x-forwarded-groups"] as const;

/** Bytes. The cookie of a login contains all of these, and browsers keep cookies of up to 4,096 bytes. */
export const IDENTITY_LIMITS = { subject: 255, email: 254, groups: 1_500 } as const;

/**
 * Reads claims. Only groups that fit into a cookie are kept, those of the policy first.
 * @param wanted the groups of the policy
 * @returns undefined without a subject that can be used
 */
export function identityOf(claims: Readonly<Record<string, unknown>>, wanted: readonly string[]): Identity | undefined {
  const { sub, email, email_verified: isVerified, groups } = claims;
  const subject = usable(sub, IDENTITY_LIMITS.subject);
  if (subject === "") return undefined;
  const all: unknown[] = Array.isArray(groups) ? groups : [groups];
  const names = [...new Set(all.map((each) => usable(each, IDENTITY_LIMITS.groups)))].filter((name) => name !== "");
  return {
    subject,
    // Some providers send the text.
    email: isVerified === true || isVerified === "true" ? usable(email, IDENTITY_LIMITS.email) : "",
    groups: fitting([
      ...names.filter((name) => wanted.includes(name)),
      ...names.filter((name) => !wanted.includes(name)),
    ]),
  };
}

/** The changes to a request of this visitor, without those of cookies. */
export function identityLines({ subject, email, groups }: Identity): string {
  // A comma in the name of a group would make two groups of it.
  const values = [subject, email, groups.filter((group) => !group.includes(",")).join(",")];
  const lines = ["X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups"].map((name, index) => {
    const value = values[index]!;
    return value === "" ? "" : `${name}: ${Buffer.from(value).toString("latin1")}\r\n`;
  });
  return lines.join("");
}

/**
 * What a request for targets loses and gets.
 * @param principal the subject of the visitor
 * @param cookies those that are left, or none
 */
export function identityEdits(lines: string, principal: string, cookies: string | undefined): FieldEdits {
  if (cookies === undefined) return { names: IDENTITY_FIELDS, lines, principal };
  const all = cookies === "" ? lines : `${lines}Cookie: ${cookies}\r\n`;
  return { names: [...IDENTITY_FIELDS, "cookie"], lines: all, principal };
}

/** A claim that can be the value of a field; otherwise empty. */
function usable(claim: unknown, longest: number): string {
  if (typeof claim !== "string") return "";
  const text = claim.trim();
  // eslint-disable-next-line no-control-regex
  return Buffer.byteLength(text) > longest || /[\0-\x1f\x7f]/.test(text) ? "" : text;
}

function fitting(groups: readonly string[]): string[] {
  let bytes = 0;
  return groups.filter((group) => {
    const size = Buffer.byteLength(JSON.stringify(group)) + 1;
    if (bytes + size > IDENTITY_LIMITS.groups) return false;
    bytes += size;
    return true;
  });
}
