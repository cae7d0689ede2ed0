import type { SharedDomain } from "./shared-domain.js";

const SET_COOKIE = "set-cookie";

/** The lines of a response, each ended by CRLF, without cookies for the domain that several owners share. */
export function unsharedLines(lines: string, domain: SharedDomain): string {
  if (lines === "") return "";
  const kept = lines.split("\r\n").filter((line) => {
    const colon = line.indexOf(":");
    return line.slice(0, colon).toLowerCase() !== SET_COOKIE || !domain.isSetByText(line.slice(colon + 1));
  });
  return kept.join("\r\n");
}

/** The fields of a response of the gateway without such cookies. */
export function unsharedFields(
  fields: Readonly<Record<string, string | string[]>>,
  domain: SharedDomain,
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name.toLowerCase() !== SET_COOKIE) kept[name] = value;
    else kept[name] = [value].flat().filter((cookie) => !domain.isSetByText(cookie));
  }
  return kept;
}
