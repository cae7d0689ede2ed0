import type * as http from "node:http";
import type * as https from "node:https";
import type * as tls from "node:tls";
import type * as zlib from "node:zlib";

/**
 * Large modules of Node.js, which are loaded when they are first used. An `import` would load them in every process,
 * and would also evaluate all their exports: those of node:http load node:http2 and the implementation of `fetch`.
 */
export const builtins = {
  get http(): typeof http {
    return process.getBuiltinModule("node:http");
  },
  get https(): typeof https {
    return process.getBuiltinModule("node:https");
  },
  get tls(): typeof tls {
    return process.getBuiltinModule("node:tls");
  },
  get zlib(): typeof zlib {
    return process.getBuiltinModule("node:zlib");
  },
};
