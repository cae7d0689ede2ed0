import { isUtf8 } from "node:buffer";
import { TunnelError, type ErrorCode } from "../errors.js";
import type { Policies } from "./policies.js";
import type { RequestRecord, RequestTotals } from "./request-record.js";

/**
 * The optional parts of the protocol that this version knows, as `hello` and `welcome` announce them: PROTOCOL.md,
 * section 3.
 */
export const FEATURES = {
  /**
   * The client distinguishes the limits on tunnels. Without this feature it receives PN_TUNNEL_LIMIT for all of them.
   */
  limitCodes: "limit_codes",
  /** The server accepts PN_DIAL_UNTRUSTED and PN_DIAL_SCHEME. Without it, the client sends PN_DIAL_FAILED for both. */
  dialCodes: "dial_codes",
  /** Clients may join the clients that serve a name. Without it, the server would replace those clients. */
  groups: "groups",
  /** `strategy` in `bind` has an effect, and the server sends `group`. */
  groupState: "group_state",
  /** `policies` in `bind` have an effect. Without it, the server would open the tunnel to everyone. */
  policies: "policies",
} as const;

/** Control messages: PROTOCOL.md, sections 3 and 4. Field names are those on the wire. */
export interface Hello {
  type: "hello";
  versions: number[];
  auth: Auth;
  agent?: string;
  features?: string[];
}

/** A credential: method `api_key` has an `api_key`, method `token` a `token`. Servers refuse unknown methods. */
export interface Auth {
  method: string;
  api_key?: string;
  token?: string;
  /** A user name of the client's choice. It is not verified. */
  user?: string;
}

export interface Welcome {
  type: "welcome";
  version: number;
  session: string;
  heartbeat_ms: number;
  limits: { streams: number };
  features: string[];
  /** Milliseconds until the credential expires; absent when unknown. */
  expires_in_ms?: number;
}

/** Replaces the credential of the session with another one of the same owner. */
export interface Refresh {
  type: "refresh";
  refresh: number;
  auth: Auth;
}

export interface Refreshed {
  type: "refreshed";
  refresh: number;
  expires_in_ms?: number;
}

/** The credential is about to expire, and the session ends with it. */
export interface Expiring {
  type: "expiring";
  expires_in_ms: number;
}

export interface Bind {
  type: "bind";
  bind: number;
  subdomain?: string;
  host_header?: string;
  local_host?: string;
  /**
   * Random text of at most 64 characters. All sessions of one client's tunnel have the same text, and serve the name
   * together.
   */
  instance?: string;
  /** The status that visitors get while no session serves the name: 404, or 503. Default 503. */
  offline_status?: number;
  /** Serve the name together with the clients that serve it already, instead of replacing them. */
  join?: boolean;
  /** The client's share of the requests relative to those it serves the name with, 0 to MAX_WEIGHT. Default 1. */
  weight?: number;
  /** With `join`: how the server distributes the requests among the clients. Default: as it is configured. */
  strategy?: string;
  /** Who may use the tunnel. Any object on the wire: the server reads it strictly. Default: everyone. */
  policies?: Policies;
}

export interface Bound {
  type: "bound";
  bind: number;
  tunnel: number;
  tunnel_id: string;
  name: string;
  public_url: string;
  /** In response to a `bind` with `join`: the number of clients that serve the name now, this one included. */
  members?: number;
  /** The policies that the server enforces, its own included: for each kind, a few words for people. */
  policies?: Record<string, string>;
  /** With `members`: how the server distributes the requests among them. Absent from older servers. */
  strategy?: string;
}

/** The clients that serve the name together have changed, or how they share the requests. */
export interface Group {
  type: "group";
  tunnel: number;
  /** The number of clients that serve the name now. */
  members: number;
  strategy: string;
}

/** Asks for the outcome of a `bind` with the same fields, without binding. */
export interface Check {
  type: "check";
  check: number;
  subdomain?: string;
  host_header?: string;
  local_host?: string;
  join?: boolean;
  strategy?: string;
  policies?: Policies;
}

/** The `bind` would be granted; without `name`, under a generated name. */
export interface Checked {
  type: "checked";
  check: number;
  owner: string;
  name?: string;
  public_url?: string;
}

export interface Unbind {
  type: "unbind";
  tunnel: number;
}

export interface Unbound {
  type: "unbound";
  tunnel: number;
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

export interface Requests {
  type: "requests";
  tunnel: number;
  records: RequestRecord[];
  /** Number of requests since the last message that are not in `records`. */
  omitted: number;
  /** Sums over the omitted requests. Absent if there are none, and from servers that do not report them. */
  totals?: RequestTotals;
}

export interface ControlError {
  type: "error";
  code: string;
  message: string;
  retryable: boolean;
  /** More about this case, for people: a limit that applies. */
  detail?: string;
  retry_after_ms?: number;
  bind?: number;
  check?: number;
  refresh?: number;
}

export type ControlMessage =
  | Hello
  | Welcome
  | Refresh
  | Refreshed
  | Expiring
  | Bind
  | Bound
  | Group
  | Check
  | Checked
  | Unbind
  | Unbound
  | Requests
  | ControlError;

type Fields = Record<string, (value: unknown) => boolean>;

const text = (value: unknown): boolean => typeof value === "string";
const count = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const flag = (value: unknown): boolean => typeof value === "boolean";
const listOf = (item: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(item);
const object = (fields: Fields) => (value: unknown) => isObject(value) && fits(value, fields);
const optional = (check: (value: unknown) => boolean) => (value: unknown) => value === undefined || check(value);

const RECORD: Fields = {
  request_id: text,
  method: text,
  path: text,
  status: count,
  started: text,
  duration_ms: (value) => typeof value === "number",
  bytes_in: count,
  bytes_out: count,
  ended: optional(text),
  code: optional(text),
  flaw: optional(text),
  repairs: optional(listOf(text)),
};

const TOTALS: Fields = {
  statuses: listOf(count),
  ended: (value) => isObject(value) && Object.values(value).every(count),
  bytes_in: count,
  bytes_out: count,
  duration_ms: (value) => typeof value === "number",
  durations: listOf(count),
};

const AUTH: Fields = { method: text, api_key: optional(text), token: optional(text), user: optional(text) };

/** The largest `weight` in `bind`. */
export const MAX_WEIGHT = 65_535;

const BIND: Fields = {
  subdomain: optional(text),
  host_header: optional(text),
  local_host: optional(text),
  join: optional(flag),
  strategy: optional(text),
  policies: optional((value) => isObject(value)),
};

const MESSAGES: { [Type in ControlMessage["type"]]: Fields } = {
  hello: {
    versions: listOf(count),
    auth: object(AUTH),
    agent: optional(text),
    features: optional(listOf(text)),
  },
  welcome: {
    version: count,
    session: text,
    heartbeat_ms: count,
    limits: object({ streams: count }),
    features: listOf(text),
    expires_in_ms: optional(count),
  },
  refresh: { refresh: count, auth: object(AUTH) },
  refreshed: { refresh: count, expires_in_ms: optional(count) },
  expiring: { expires_in_ms: count },
  bind: {
    bind: count,
    ...BIND,
    instance: optional((value) => text(value) && (value as string).length <= 64),
    offline_status: optional(count),
    weight: optional((value) => count(value) && (value as number) <= MAX_WEIGHT),
  },
  bound: {
    bind: count,
    tunnel: count,
    tunnel_id: text,
    name: text,
    public_url: text,
    members: optional(count),
    strategy: optional(text),
    policies: optional((value) => isObject(value) && Object.values(value).every(text)),
  },
  group: { tunnel: count, members: count, strategy: text },
  check: { check: count, ...BIND },
  checked: { check: count, owner: text, name: optional(text), public_url: optional(text) },
  unbind: { tunnel: count },
  unbound: { tunnel: count, code: text, message: text, retryable: flag },
  requests: { tunnel: count, records: listOf(object(RECORD)), omitted: count, totals: optional(object(TOTALS)) },
  error: {
    code: text,
    message: text,
    retryable: flag,
    detail: optional(text),
    retry_after_ms: optional(count),
    bind: optional(count),
    check: optional(count),
    refresh: optional(count),
  },
};

/** Encodes a control message as JSON in UTF-8. */
export function encodeControl(message: ControlMessage): Buffer {
  return Buffer.from(JSON.stringify(message), "utf8");
}

/**
 * Decodes a control message. Unknown fields are ignored. The result does not refer to the memory of `json`.
 * @returns the message, or the name of its type when the type is unknown.
 * @throws TunnelError PN_PROTOCOL when it is not a message, or a field of a known type is missing or invalid.
 */
export function decodeControl(json: Buffer): ControlMessage | string {
  if (!isUtf8(json)) throw new TunnelError("PN_PROTOCOL", "a control message is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(json.toString("utf8"));
  } catch {
    throw new TunnelError("PN_PROTOCOL", "a control message is not JSON");
  }
  if (!isObject(value) || typeof value["type"] !== "string") {
    throw new TunnelError("PN_PROTOCOL", "a control message has no type");
  }
  const type = value["type"];
  if (!Object.hasOwn(MESSAGES, type)) return type;
  if (!fits(value, MESSAGES[type as ControlMessage["type"]])) {
    throw new TunnelError("PN_PROTOCOL", `a field of the control message ${type} is missing or invalid`);
  }
  return value as unknown as ControlMessage;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fits(value: Record<string, unknown>, fields: Fields): boolean {
  for (const name in fields) {
    if (!fields[name]?.(Object.hasOwn(value, name) ? value[name] : undefined)) return false;
  }
  return true;
}
