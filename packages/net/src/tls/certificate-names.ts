import type { X509Certificate } from "node:crypto";

/** Kinds of names in a subject alternative name, as node:crypto writes them. */
export type NameKind = "email" | "DNS" | "URI";

/**
 * The names in a certificate: those of its subject alternative name, in the order of `kinds`, then its common name.
 * Names with spaces, quotes or more than 255 characters are left out. All but URIs are in lower case.
 */
export function certificateNames({ subjectAltName, subject }: X509Certificate, kinds: readonly NameKind[]): string[] {
  // A quoted name may contain text that looks like another name (CVE-2021-44532).
  const alternative = [...(subjectAltName ?? "").matchAll(/([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy)];
  const named = kinds.flatMap((kind) => alternative.filter(([, of]) => of === kind).map(([, , name = ""]) => name));
  const common = /^CN=(.+)$/m.exec(subject ?? "")?.[1] ?? "";
  return [...named, common].filter((name) => /^[^",\\\s]{1,255}$/.test(name)).map(comparableName);
}

/** A name as `certificateNames` returns it. */
export function comparableName(name: string): string {
  // Only ASCII letters, because Unicode's lower case of the Kelvin sign is k, which may be in another name.
  return name.includes("://") ? name : name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
