import { createRequire } from "node:module";
import { poisonReads, type ReadBuffers } from "./poison.js";

// Loaded by `node --import` into processes that tests start. Package net must be the same module that Postern loads,
// because it knows the read buffers. Testkit itself does not need it.
poisonReads(createRequire(import.meta.url)("@postern/net") as ReadBuffers);
