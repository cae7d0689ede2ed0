import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkLogin, type ConnectOptions } from "@postern/client";
import { authorityOf } from "@postern/net";
import {
  acceptsTls,
  checkServer,
  isRunning,
  localFault,
  localFaultCode,
  parseLocalAddress,
  parseServerAddress,
  proxyOf,
  reachLocal,
} from "@postern/client/command";
import type { EndpointToCheck } from "../../running/endpoints-to-check.js";
import type { Settings } from "../../settings/configuration.js";
import { exposureWarnings } from "../../running/configured-server.js";
import { durationText } from "../../reporting/duration-text.js";
import { failureOf } from "../../reporting/failure.js";
import { loginText } from "../../reporting/login-text.js";
import { loadServerCredentials } from "../../credentials/server-credentials.js";

/** The result of one check. */
export interface Finding {
  check: string;
  outcome: "ok" | "warning" | "failed";
  message: string;
  /** The part of the message in parentheses. */
  detail?: string | undefined;
  /** Lines that suggest a fix. */
  fix?: string | undefined;
  code?: string;
}

/** Milliseconds. If the clocks differ by more, tokens and certificates may appear expired or not yet valid. */
const MAX_CLOCK_SKEW = 60_000;
/** A certificate that expires within this many milliseconds is a warning. */
const EXPIRY_WARNING = 14 * 86_400_000;

/**
 * Checks everything that an endpoint's tunnel needs, from the server's name to the local service.
 * @param checksLocal whether the local service is known.
 */
export async function* diagnoseEndpoint({ load }: EndpointToCheck, checksLocal: boolean): AsyncGenerator<Finding> {
  let options: ConnectOptions;
  try {
    const endpoint = await load();
    options = endpoint.options;
    for (const message of endpoint.warnings) yield { check: "configuration", outcome: "warning", message };
  } catch (error) {
    return yield failed("credential", error);
  }
  const { hostname } = parseServerAddress(options.server);
  // An outbound proxy resolves the server's name itself.
  const found =
    proxyOf(options.server, options) === undefined
      ? await nameFinding("name", hostname.replace(/^\[|\]$/g, ""))
      : undefined;
  if (found !== undefined) yield found;
  if (found?.outcome === "failed") return;
  let reached = true;
  for await (const finding of serverFindings(options)) {
    reached &&= finding.outcome !== "failed";
    yield finding;
  }
  if (reached) yield await attempt("login", async () => loginText(await checkLogin(options)));
  if (checksLocal) yield await localFinding(options);
}

async function* serverFindings(options: ConnectOptions): AsyncGenerator<Finding> {
  try {
    const { milliseconds, status, time, certificateExpires } = await checkServer(options);
    if (status === 503)
      yield {
        check: "server",
        outcome: "warning",
        message: `${options.server} is shutting down and accepts no new tunnels`,
      };
    else
      yield {
        check: "server",
        outcome: "ok",
        message: `${options.server} responds in ${Math.ceil(milliseconds)} ms`,
      };
    if (certificateExpires !== undefined) {
      const left = certificateExpires.getTime() - Date.now();
      const outcome = left < EXPIRY_WARNING ? "warning" : "ok";
      yield { check: "certificate", outcome, message: `trusted; expires in ${durationText(left)}` };
    }
    if (time !== undefined) {
      const skew = Math.abs(time.getTime() - Date.now());
      if (skew < MAX_CLOCK_SKEW)
        yield { check: "clock", outcome: "ok", message: "within a minute of the server's clock" };
      else
        yield {
          check: "clock",
          outcome: "warning",
          message: `this machine's clock and the server's are ${durationText(skew)} apart; tokens and certificates may be refused`,
          fix: "Enable time synchronisation on both machines: timedatectl set-ntp true",
        };
    }
  } catch (error) {
    yield failed("server", error);
  }
}

async function localFinding({ local, localTls }: ConnectOptions): Promise<Finding> {
  if (typeof local === "object")
    return { check: "local", outcome: "ok", message: `the folder ${local.name} can be read` };
  const address = parseLocalAddress(local, localTls);
  const place = authorityOf(address.host, address.port);
  try {
    await reachLocal(address);
    if (!address.tls && (await acceptsTls(address)))
      return {
        check: "local",
        outcome: "failed",
        message: `the local service at ${place} uses TLS`,
        fix: `Use https://${place} as the target. Until then, visitors get status 502.`,
        code: "PN_DIAL_SCHEME",
      };
    return { check: "local", outcome: "ok", message: `${place} accepts connections` };
  } catch (error) {
    const code = localFaultCode(error as Error);
    return {
      check: "local",
      outcome: "failed",
      message: `cannot connect to the local service at ${place}: ${localFault(error as Error)}`,
      fix: `${isRunning(code) ? "" : "Start the service, or correct its address. "}Until then, visitors get status 502.`,
      code,
    };
  }
}

/** Checks what a server needs, as far as this machine can: credentials, certificates and DNS names. */
export async function* diagnoseServer(settings: Settings): AsyncGenerator<Finding> {
  const { base_domain: domain } = settings.loaded.values.tunnel.server;
  try {
    const { certificates, warnings } = await loadServerCredentials(settings);
    yield { check: "credentials", outcome: "ok", message: "keys and certificates can be read" };
    for (const message of [...warnings, ...exposureWarnings(settings)])
      yield { check: "configuration", outcome: "warning", message };
    if (certificates.certificates.length > 0) {
      const names = new Set(certificates.certificates.flatMap((each) => each.names));
      for (const name of [domain, `*.${domain}`])
        yield names.has(name)
          ? { check: "certificate", outcome: "ok", message: `valid for ${name}` }
          : {
              check: "certificate",
              outcome: "failed",
              message: `no certificate is valid for ${name}`,
              fix: `Get a certificate for ${domain} and *.${domain}.`,
            };
    }
  } catch (error) {
    yield failed("credentials", error);
  }
  // Every name below the base domain must resolve. Any such name shows whether the wildcard record exists.
  for (const [check, name] of [
    ["name", domain],
    ["wildcard", `postern-doctor.${domain}`],
  ] as const) {
    const found = await nameFinding(check, name);
    if (found !== undefined) yield found;
  }
}

/** Resolves `name`; undefined for addresses and names below localhost, which need no DNS. */
async function nameFinding(check: string, name: string): Promise<Finding | undefined> {
  if (isIP(name) !== 0 || /(^|\.)localhost$/.test(name)) return undefined;
  return attempt(check, async () => {
    const addresses = await lookup(name, { all: true });
    return `${name} resolves to ${addresses.map(({ address }) => address).join(", ")}`;
  });
}

async function attempt(check: string, task: () => Promise<string>): Promise<Finding> {
  try {
    return { check, outcome: "ok", message: await task() };
  } catch (error) {
    return failed(check, error);
  }
}

function failed(check: string, error: unknown): Finding {
  if ((error as NodeJS.ErrnoException).syscall === "getaddrinfo") {
    const { message } = error as Error;
    const fix = "Check the spelling, the domain's DNS records, and this machine's resolver.";
    return {
      check,
      outcome: "failed",
      message: `the name does not resolve: ${message}`,
      fix,
      code: "PN_SERVER_UNREACHABLE",
    };
  }
  const { code, message, detail, fix } = failureOf(error);
  return { check, outcome: "failed", message, detail, fix, code };
}
