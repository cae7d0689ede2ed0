import type { Configuration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";

/** Where a file means something else than in the older program. */
export interface DifferenceNote {
  readonly path: Path;
  /** What the setting does; complete for readers who do not know the older program. */
  readonly message: string;
  /** The same for a file of the older program, with what has changed. */
  readonly compared: string;
}

/** A behaviour of the gateway that differs from the older program. */
export interface Difference {
  readonly topic: string;
  readonly before: string;
  readonly now: string;
  /** Finds the settings of a file that it concerns. Undefined: `config check` has no note about it. */
  readonly notes?: (file: OlderSettings) => Iterable<DifferenceNote>;
}

/** A configuration, and which of its options the file sets. */
export interface OlderSettings {
  readonly configuration: Configuration;
  /** Whether the file sets an option below this path. */
  readonly sets: (...path: Path) => boolean;
}

/** All differences, as docs/migration.md lists them. */
export const DIFFERENCES: readonly Difference[] = [
  {
    topic: "Routes that overlap",
    before: "The first matching route in the file is used.",
    now: "The most specific route is used: exact host and path before wildcards and prefixes, longer prefixes before shorter ones. `config check` lists the routes for which this makes a difference.",
  },
  {
    topic: "Prefixes",
    before: "`/api/*` also matches `/apix`.",
    now: "`/api/*` matches `/api` and everything below `/api/`.",
    *notes({ configuration: { proxy } }) {
      for (const [index, { path }] of proxy.entries()) {
        if (path === undefined || path === "/*" || !path.endsWith("/*")) continue;
        const prefix = path.slice(0, -2);
        const matches = `${path} matches ${prefix} and everything below ${prefix}/`;
        yield {
          path: ["proxy", index, "path"],
          message: `${matches}, but not ${prefix}x.`,
          compared: `${matches}. In the older program, it also matched ${prefix}x.`,
        };
      }
    },
  },
  { topic: "Query strings", before: "Targets do not receive them.", now: "Targets receive them unchanged." },
  {
    topic: "`timeout` of a route",
    before: "Maximum time for a whole request.",
    now: "Maximum time until the target begins its response. WebSockets, event streams and bodies in transfer may take longer.",
  },
  {
    topic: "`max_request_size_mb`",
    before: "It has no effect.",
    now: "Visitors get 413 for larger request bodies. Without the option, there is no limit.",
    *notes({ configuration: { server }, sets }) {
      const size = server.max_request_size_mb;
      if (size === 0 || !sets("server", "max_request_size_mb")) return;
      yield {
        path: ["server", "max_request_size_mb"],
        message: `Visitors get 413 for request bodies over ${size} MB.`,
        compared: `max_request_size_mb now has an effect: visitors get 413 for request bodies over ${size} MB.`,
      };
    },
  },
  {
    topic: "`enable_health_endpoints = false`",
    before: "It has no effect.",
    now: "The gateway does not serve /health, /ping and the other service endpoints.",
    *notes({ configuration: { server } }) {
      if (server.enable_health_endpoints) return;
      yield {
        path: ["server", "enable_health_endpoints"],
        message: "The gateway does not serve /health, /ping and similar paths.",
        compared:
          "enable_health_endpoints = false now has an effect: the gateway does not serve /health, /ping and similar paths.",
      };
    },
  },
  {
    topic: "`[server.ssl.redirect]`",
    before: "It has no effect.",
    now: "The gateway redirects HTTP requests to HTTPS, with 301 for GET and HEAD, otherwise with 308.",
    *notes({ configuration: { server } }) {
      if (!server.ssl.enabled || !server.ssl.redirect.enabled) return;
      const effect = `gateway redirects HTTP requests to HTTPS on port ${server.ssl.https_port}.`;
      yield {
        path: ["server", "ssl", "redirect", "enabled"],
        message: `The ${effect}`,
        compared: `The redirect now has an effect: the ${effect}`,
      };
    },
  },
  {
    topic: "`exempt_paths`",
    before: "Prefixes: `/health` also exempts `/healthz`.",
    now: "Paths, with everything below them: `/health` exempts `/health/live`, but not `/healthz`.",
    *notes({ configuration: { server } }) {
      const { enabled, exempt_paths: paths } = server.ssl.redirect;
      const [first] = paths.filter((path) => !path.endsWith("/"));
      if (!server.ssl.enabled || !enabled || first === undefined) return;
      const exempts = `exempts ${first} and everything below ${first}/`;
      yield {
        path: ["server", "ssl", "redirect", "exempt_paths"],
        message: `${first} in exempt_paths ${exempts}, but not ${first}x.`,
        compared: `exempt_paths are whole paths: ${first} ${exempts}. In the older program, it also exempted ${first}x.`,
      };
    },
  },
  {
    topic: "`weight` of a target",
    before: "It has an effect only with `weighted_round_robin`.",
    now: "It has an effect with every strategy but `first`. A target with the weight 0 gets no requests.",
    *notes({ configuration: { proxy } }) {
      for (const [index, route] of proxy.entries()) {
        const { strategy, targets } = route;
        const position = targets.findIndex(({ weight }) => weight !== targets[0]?.weight);
        if (position < 0 || strategy === "weighted_round_robin" || strategy === "first") continue;
        const effect = `${strategy} of ${nameOf(route)} sends requests to its targets by weight.`;
        yield {
          path: ["proxy", index, "targets", position, "weight"],
          message: effect,
          compared: `The weights of targets now have an effect: ${effect}`,
        };
      }
    },
  },
  {
    topic: "Health checks",
    before: "The gateway makes none.",
    now: "A target that fails them gets no requests. If all targets of a route fail them, all of them get requests.",
    *notes({ configuration: { proxy }, sets }) {
      for (const [index, route] of proxy.entries())
        for (const name of ["http_health", "websocket_health"] as const) {
          const path = ["proxy", index, name];
          if (!sets(...path)) continue;
          const advice = `Make sure that all targets of ${nameOf(route)} answer ${route[name].path}.`;
          yield { path, message: advice, compared: `The older program never made health checks. ${advice}` };
        }
    },
  },
  {
    topic: "Circuit breakers",
    before: "They never open.",
    now: "A target that fails repeatedly gets no requests for `recovery_timeout`. If all targets of a route do, visitors get 503.",
    *notes({ configuration: { proxy }, sets }) {
      for (const [index, route] of proxy.entries()) {
        const path = ["proxy", index, "circuit_breaker"];
        if (!sets(...path) || !route.circuit_breaker.enabled) continue;
        const [breaker, when] = [
          `circuit breaker of ${nameOf(route)}`,
          `opens after ${route.circuit_breaker.failure_threshold} failures.`,
        ];
        yield {
          path,
          message: `The ${breaker} ${when}`,
          compared: `In the older program, the ${breaker} never opened. Here it ${when}`,
        };
      }
    },
  },
  {
    topic: "`sticky_sessions`",
    before: "All WebSockets of an address go to the same target.",
    now: 'All requests of an address go to the same target. `sticky_sessions = "cookie"` binds each browser to a target instead.',
    *notes({ configuration: { proxy } }) {
      for (const [index, route] of proxy.entries()) {
        if (route.sticky_sessions !== "address") continue;
        const applies = `sticky_sessions of ${nameOf(route)} applies to all requests`;
        yield {
          path: ["proxy", index, "sticky_sessions"],
          message: `${applies}, not only to WebSockets.`,
          compared: `${applies}. In the older program, it applied only to WebSockets.`,
        };
      }
    },
  },
  {
    topic: "Static files",
    before:
      "Every missing path gets the fallback with 200. Every file has `Cache-Control: max-age=3600` and allows all origins (CORS).",
    now: "Only requests that accept HTML get the fallback. Files have `Cache-Control: no-cache` and an ETag, unless `cache_control` is set, and other origins are not allowed. The gateway never serves its configuration and the files that it names, and no names that begin with a dot.",
    *notes({ configuration: { static_config }, sets }) {
      if (!sets("static_config")) return;
      const { fallback } = static_config;
      const missing =
        fallback === ""
          ? "a missing path gets 404"
          : `only requests that accept HTML get ${fallback} for a missing path`;
      const behaviour = `${missing}, browsers check files for changes (no-cache), and other origins are not allowed (CORS).`;
      yield {
        path: ["static_config"],
        message: `In [static_config], ${behaviour}`,
        compared: `Static files differ from the older program: ${behaviour}`,
      };
    },
  },
];

/** The options that only Postern has. A file that uses one of them was reviewed, and needs no notes. */
const NEWER_SERVER: ReadonlySet<string> = new Set(["listen", "trusted_proxies", "state_dir", "oidc"]);
const NEWER_ROUTE: ReadonlySet<string> = new Set([
  "host",
  "methods",
  "headers",
  "query",
  "client_ips",
  "redirect",
  "respond",
  "files",
  "strip_prefix",
  "rewrite",
  "connection_timeout",
  "hash_key",
  "passive_health",
  "slow_start",
  "tcp_health",
  "idle_timeout",
  "resolve",
  "access",
]);

/** Whether an option exists in Postern only, so that a file with it is not one of the older program. */
export function isNewer(path: Path): boolean {
  const [table, first, second] = path;
  if (table === "static_config") return first !== "directory" && first !== "fallback";
  if (table === "server") return NEWER_SERVER.has(String(first));
  return table === "proxy" && NEWER_ROUTE.has(String(second));
}

function nameOf({ path, host }: Configuration["proxy"][number]): string {
  return path ?? host ?? "this route";
}
