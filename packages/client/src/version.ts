import { createRequire } from "node:module";

/** This package's version, as `agent` tells it to the server. */
export const VERSION = (createRequire(import.meta.url)("../package.json") as { version: string }).version;
