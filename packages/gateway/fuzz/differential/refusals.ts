import { METHODS } from "node:http";
import type { Relayed } from "./relayed.ts";
import type { ServerName } from "./servers.ts";

/**
 * Valid reasons of a server to refuse a forwarded request: rules stricter than HTTP's, or about its content, not about
 * how it reads.
 */
interface Reason {
  reason: string;
  servers: readonly ServerName[];
  status: number;
  applies(request: Relayed): boolean;
}

const REASONS: readonly Reason[] = [
  {
    reason: "it knows a fixed set of methods",
    servers: ["node"],
    status: 400,
    applies: ({ method }) => !METHODS.includes(method),
  },
  {
    reason: "it knows no methods with digits",
    servers: ["nginx"],
    status: 400,
    applies: ({ method }) => /[0-9]/.test(method),
  },
  {
    reason: "it takes no encoded zero byte in a path",
    servers: ["nginx"],
    status: 400,
    applies: ({ target }) => /^[^?]*%00/.test(target),
  },
  {
    reason: "it takes no percent sign in a path without two digits behind it",
    servers: ["nginx", "apache"],
    status: 400,
    applies: ({ target }) => /^[^?]*%(?![0-9a-f]{2})/i.test(target),
  },
  {
    reason: "it has nothing at a path with an encoded zero byte",
    servers: ["apache"],
    status: 404,
    applies: ({ target }) => /^[^?]*%00/.test(target),
  },
  {
    reason: "it takes no host names that end with a number, other than IP addresses",
    servers: ["apache"],
    status: 400,
    applies: ({ host }) => /(^|\.)[0-9]+(:|$)/.test(host),
  },
  {
    reason: "it takes no host names with a label of underscores or hyphens alone",
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
    reason: "it answers OPTIONS * by itself",
    servers: ["apache"],
    status: 200,
    applies: ({ target }) => target === "*",
  },
  {
    reason: "a WebSocket handshake lacks its key",
    servers: ["haproxy"],
    status: 400,
    applies: ({ upgrades }) => upgrades,
  },
];

/** The reason for which `server` may answer `request` with `status`; undefined: none. */
export function reasonToRefuse(server: ServerName, request: Relayed, status: number): string | undefined {
  return REASONS.find((each) => each.servers.includes(server) && each.status === status && each.applies(request))
    ?.reason;
}
