import { METHODS } from "node:http";
import type { Relayed } from "./relayed.ts";
import type { ServerName } from "./servers.ts";

/**
 * Valid reasons for a server to refuse a forwarded request: rules that are stricter than HTTP's, or rules about the
 * content of the request rather than its syntax.
 */
interface Reason {
  reason: string;
  servers: readonly ServerName[];
  status: number;
  applies(request: Relayed): boolean;
}

const REASONS: readonly Reason[] = [
  {
    reason: "it supports a fixed set of methods",
    servers: ["node"],
    status: 400,
    applies: ({ method }) => !METHODS.includes(method),
  },
  {
    reason: "it does not support methods with digits",
    servers: ["nginx"],
    status: 400,
    applies: ({ method }) => /[0-9]/.test(method),
  },
  {
    reason: "it rejects an encoded zero byte in a path",
    servers: ["nginx"],
    status: 400,
    applies: ({ target }) => /^[^?]*%00/.test(target),
  },
  {
    reason: "it rejects a percent sign in a path without two digits after it",
    servers: ["nginx", "apache"],
    status: 400,
    applies: ({ target }) => /^[^?]*%(?![0-9a-f]{2})/i.test(target),
  },
  {
    reason: "it has no resource at a path with an encoded zero byte",
    servers: ["apache"],
    status: 404,
    applies: ({ target }) => /^[^?]*%00/.test(target),
  },
  {
    reason: "it rejects host names that end with a number, other than IP addresses",
    servers: ["apache"],
    status: 400,
    applies: ({ host }) => /(^|\.)[0-9]+(:|$)/.test(host),
  },
  {
    reason: "it rejects host names with a label of only underscores or hyphens",
    servers: ["apache"],
    status: 400,
    applies: ({ host }) => /(^|\.)[_-]+(\.|:|$)/.test(host),
  },
  {
    reason: "it does not serve OPTIONS *",
    servers: ["nginx"],
    status: 400,
    applies: ({ target }) => target === "*",
  },
  {
    reason: "it responds to OPTIONS * itself",
    servers: ["apache"],
    status: 200,
    applies: ({ target }) => target === "*",
  },
  {
    reason: "it rejects a WebSocket handshake without a key",
    servers: ["haproxy"],
    status: 400,
    applies: ({ upgrades }) => upgrades,
  },
];

/** The reason for which `server` may respond to `request` with `status`; undefined if there is none. */
export function reasonToRefuse(server: ServerName, request: Relayed, status: number): string | undefined {
  return REASONS.find((each) => each.servers.includes(server) && each.status === status && each.applies(request))
    ?.reason;
}
