import { percentDecoded } from "../http/latin1.js";
import { isSecretName } from "./secret-name.js";

/**
 * The path without the values of query parameters whose names suggest a secret.
 * @param isSecret whether a name does
 */
export function redactedPath(path: string, isSecret: (name: string) => boolean = isSecretName): string {
  const query = path.indexOf("?");
  if (query < 0) return path;
  const parts = path.slice(query + 1).split(/([&;])/);
  const kept = parts.map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) return part;
    // As the service decodes the name: `%74oken` is `token`.
    return isSecret(percentDecoded(part.slice(0, equals))) ? `${part.slice(0, equals)}=***` : part;
  });
  return path.slice(0, query + 1) + kept.join("");
}
