import { option, section } from "./declaration.js";
import { integer } from "../kinds/number.js";
import { duration, size } from "../kinds/quantity.js";

/** The largest head. Every connection of a visitor may hold that much. */
const LARGEST_HEAD = 262_144;

const perOwner = {
  max_sessions: option(integer({ min: 1 }), "Maximum concurrent sessions of one owner; further logins are refused.", {
    default: 4_000,
  }),
  max_names: option(
    integer({ min: 1 }),
    "Maximum number of names of one owner, including names kept while no client serves them.",
    { default: 4_000 },
  ),
  bind_rate: option(
    integer({ min: 1 }),
    "Maximum requests for tunnels by one owner per minute. After a quiet minute, the same number is accepted at once.",
    { default: 6_000 },
  ),
};

const ofVisitors = {
  head_bytes: option(
    size({ min: 1_024, max: LARGEST_HEAD }),
    "Maximum size of the head of a request or response, and of its trailers. Visitors get 431, or 502 if the response is too large.",
    { default: 32_768 },
  ),
  head_fields: option(
    integer({ min: 10, max: 1_000 }),
    "Maximum number of header fields of a request or response. Visitors get 431, or 502 if the response has more.",
    { default: 200 },
  ),
  head_timeout: option(
    duration({ min: 100 }),
    "Maximum time from the first byte of a head to its last. Visitors get 408, or 504 if the response is too slow. Default: connection_timeout of [tunnel.server.security].",
    { example: '"10s"' },
  ),
  body_timeout: option(
    duration(),
    "Maximum time without a byte of a request body, until the response begins. Time during which the service does not read is not counted. Visitors get 408 beyond it. 0: no limit.",
    { default: 60_000 },
  ),
  min_body_rate: option(
    size(),
    "Minimum rate of a request body, in bytes per second. Visitors get 408 if a body is slower than this for body_timeout. 0: every byte restarts body_timeout.",
    { default: 0 },
  ),
  stall_timeout: option(
    duration({ min: 1_000 }),
    "Maximum time that a visitor may read nothing while a response waits for it; then its connection is closed. If a service reads nothing of a waiting request for this time, the visitor gets 504.",
    { default: 300_000 },
  ),
  streams_per_session: option(
    integer({ min: 1, max: 65_536 }),
    "Maximum concurrent requests and upgraded connections in one session; visitors get 503 beyond it. A client accepts at most its own max_connections.",
    { default: 1_024 },
  ),
  replay_body: option(
    size({ max: 16_777_216 }),
    "Bytes of a request body that are kept until the response begins, so that the request can be sent again if its session breaks. A request with a larger body is sent only once.",
    { default: 65_536 },
  ),
  interim_responses: option(
    integer({ max: 1_000 }),
    "Maximum number of interim responses (1xx) to one request; visitors get 502 beyond it.",
    { default: 16 },
  ),
};

const perTunnel = {
  request_records: option(
    integer({ max: 10_000 }),
    "Maximum number of requests per second and tunnel that are logged individually and reported to the client. Further requests are only counted. 0: all requests are only counted.",
    { default: 50 },
  ),
};

export const serverLimits = section(
  "Limits for visitors, owners and tunnels. The API key, token or certificate of a client names its owner.",
  { ...ofVisitors, ...perOwner, ...perTunnel },
);
