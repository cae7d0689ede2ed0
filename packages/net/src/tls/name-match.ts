/**
 * Whether `name`, lower case and without a trailing dot, is covered by `pattern`: itself, or a `*` that stands for exactly one whole label
 * on the left (RFC 9525, section 6.3).
 */
export function matchesName(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}
