import { createRequire, registerHooks } from "node:module";
import { poisonReads, type ReadBuffers } from "./poison.js";

// Loaded by `node --import` into processes that tests start. Package net must be the same module that Postern loads,
// because it knows the read buffers. Testkit itself does not need it.
poisonReads(createRequire(import.meta.url)("@postern/net") as ReadBuffers);

// The bundled command has its own copy of package net, and its files do not tell whose code they are.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier.replace(/^\.\.\/bundle\/main\.js$/, "../dist/main.js"), context),
});
