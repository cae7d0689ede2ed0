import type { Problem } from "@postern/config";

/** `postern.toml:12:1: message`. */
export function problemLine({ where, message }: Problem): string {
  return where === undefined ? message : `${where}: ${message}`;
}
