import { option, section } from "./declaration.js";
import { flag } from "../kinds/flag.js";
import { integer } from "../kinds/number.js";
import { duration, size } from "../kinds/quantity.js";

/** `[tunnel.server.rate_limit]`: limits for each tunnel. */
export const tunnelLimits = section("Limits for each tunnel, for all its visitors together.", {
  enabled: option(flag(), "Enable the limits of this table.", { default: false }),
  requests_per_minute: option(
    integer({ min: 1 }),
    "Maximum requests to a tunnel per minute, on average; visitors get 429 beyond it.",
    { default: 1_000 },
  ),
  max_connections_per_tunnel: option(
    integer({ min: 1 }),
    "Maximum visitor connections that use a tunnel at the same time: requests in progress, and WebSockets until they close. Visitors get 429 beyond it.",
    { default: 50 },
  ),
  max_bandwidth_per_tunnel: option(
    size({ min: 1 }),
    "Maximum bytes per second of a tunnel, in each direction. Faster transfers are slowed down; they are not cut off.",
    { default: 10_485_760 },
  ),
  burst_allowance: option(
    integer(),
    "Requests in a burst, besides the number of requests that requests_per_minute allows in window_seconds.",
    { default: 100 },
  ),
  window_seconds: option(
    duration({ min: 1_000 }),
    "Time that sets the maximum burst: the number of requests that requests_per_minute allows in this time, and burst_allowance.",
    { default: 60_000 },
  ),
});
