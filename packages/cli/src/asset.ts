import { readFileSync } from "node:fs";

/** The content of file `path` in this package's folder `assets`. */
export function readAsset(path: string): Buffer {
  return readFileSync(new URL(`../assets/${path}`, import.meta.url));
}
