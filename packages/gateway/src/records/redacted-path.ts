import { isSecretName } from "./secret-name.js";

/** The path without the values of query parameters whose names suggest a secret. */
export function redactedPath(path: string): string {
  const query = path.indexOf("?");
  if (query < 0) return path;
  const parts = path.slice(query + 1).split(/([&;])/);
  const kept = parts.map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) return part;
    return isSecretName(plain(part.slice(0, equals))) ? `${part.slice(0, equals)}=***` : part;
  });
  return path.slice(0, query + 1) + kept.join("");
}

/**
 * The name as the service decodes it: `%74oken` is `token`. Byte by byte, because the names of secrets are ASCII.
 * Invalid escapes stay as they are: the exceptions of decodeURIComponent would take milliseconds for one request.
 */
function plain(name: string): string {
  return name.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
