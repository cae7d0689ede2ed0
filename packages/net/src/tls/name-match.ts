/**
 * Whether `pattern` matches `name`, which is lower case and has no trailing dot. A leading `*` stands for exactly one
 * label (RFC 9525, section 6.3).
 */
export function matchesName(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}
