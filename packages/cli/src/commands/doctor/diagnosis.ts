import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkLogin, type ConnectOptions } from "@postern/client";
import { parseServerAddress, parseLocalAddress, checkLocal, checkServer, proxyOf } from "@postern/client/command";
import type { Candidate } from "../../running/endpoints-to-check.js";
import type { Settings } from "../../settings/configuration.js";
import { exposureWarnings } from "../../running/configured-server.js";
import { durationText } from "../../reporting/duration-text.js";
import { failureOf } from "../../reporting/failure.js";
import { loginText } from "../../reporting/login-text.js";
import { loadServerCredentials } from "../../credentials/server-credentials.js";

/** One thing that was looked at. */
export interface Finding {
  check: string;
  outcome: "ok" | "warning" | "failed";
  message: string;
  /** What to do about it, line by line. */
  fix?: string | undefined;
  code?: string;
}

/** Clocks that differ more make tokens and certificates come too early or too late, in milliseconds. */
const CLOCK_APART = 60_000;
/** A certificate that ends sooner is worth a word, in milliseconds. */
const SOON = 14 * 86_400_000;

/** What stands between an endpoint and its tunnel, from the name of its server to its local service. @param withLocal whether that is known. */
export async function* diagnoseEndpoint({ wish }: Candidate, withLocal: boolean): AsyncGenerator<Finding> {
  let options: ConnectOptions;
  try {
    const wished = await wish();
    options = wished.wishes[0]!.options;
    for (const message of wished.warnings) yield { check: "configuration", outcome: "warning", message };
  } catch (error) {
    return yield failed("credential", error);
  }
  const { hostname } = parseServerAddress(options.server);
  // A proxy looks it up itself.
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
  if (withLocal) yield await localFinding(options.local);
}

async function* serverFindings(options: ConnectOptions): AsyncGenerator<Finding> {
  try {
    const { milliseconds, status, time, certificateExpires } = await checkServer(options);
    if (status === 503)
      yield { check: "server", outcome: "warning", message: "it is stopping, and takes no new tunnels" };
    else
      yield {
        check: "server",
        outcome: "ok",
        message: `${options.server} answers after ${Math.ceil(milliseconds)} ms`,
      };
    if (certificateExpires !== undefined) {
      const left = certificateExpires.getTime() - Date.now();
      const outcome = left < SOON ? "warning" : "ok";
      yield { check: "certificate", outcome, message: `it is trusted, and ends in ${durationText(left)}` };
    }
    if (time !== undefined) {
      const apart = Math.abs(time.getTime() - Date.now());
      if (apart < CLOCK_APART) yield { check: "clock", outcome: "ok", message: "as the server's, within a minute" };
      else
        yield {
          check: "clock",
          outcome: "warning",
          message: `this machine's clock and the server's are ${durationText(apart)} apart: tokens and certificates may be refused`,
          fix: "Let both machines set their clocks by NTP: timedatectl set-ntp true",
        };
    }
  } catch (error) {
    yield failed("server", error);
  }
}

async function localFinding(local: ConnectOptions["local"]): Promise<Finding> {
  const { host, port } = parseLocalAddress(local);
  const place = `${host}:${port}`;
  try {
    await checkLocal(local);
    return { check: "local", outcome: "ok", message: `something listens at ${place}` };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return {
      check: "local",
      outcome: "failed",
      message: `no connection to the local service at ${place}: ${message || code}`,
      fix: "Start it, or correct `local`. Visitors get 502 until then.",
      code: "PN_DIAL_FAILED",
    };
  }
}

/** What stands between a server and its visitors, as far as this machine can see. */
export async function* diagnoseServer(settings: Settings): AsyncGenerator<Finding> {
  const { base_domain: domain } = settings.loaded.values.tunnel.server;
  try {
    const { certificates, warnings } = await loadServerCredentials(settings);
    yield { check: "credentials", outcome: "ok", message: "what clients log in with is there" };
    for (const message of [...warnings, ...exposureWarnings(settings)])
      yield { check: "configuration", outcome: "warning", message };
    if (certificates.certificates.length > 0) {
      const names = new Set(certificates.certificates.flatMap((each) => each.names));
      for (const name of [domain, `*.${domain}`])
        yield names.has(name)
          ? { check: "certificate", outcome: "ok", message: `it is valid for ${name}` }
          : {
              check: "certificate",
              outcome: "failed",
              message: `no certificate is valid for ${name}`,
              fix: `Get one for ${domain} and *.${domain}.`,
            };
    }
  } catch (error) {
    yield failed("credentials", error);
  }
  // Any name below it has to lead here.
  for (const [check, name] of [
    ["name", domain],
    ["wildcard", `postern-doctor.${domain}`],
  ] as const) {
    const found = await nameFinding(check, name);
    if (found !== undefined) yield found;
  }
}

/** What the name service says; undefined for what needs none. */
async function nameFinding(check: string, name: string): Promise<Finding | undefined> {
  if (isIP(name) !== 0 || /(^|\.)localhost$/.test(name)) return undefined;
  return attempt(check, async () => {
    const addresses = await lookup(name, { all: true });
    return `${name} is ${addresses.map(({ address }) => address).join(", ")}`;
  });
}

async function attempt(check: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, outcome: "ok", message: await look() };
  } catch (error) {
    return failed(check, error);
  }
}

function failed(check: string, error: unknown): Finding {
  if ((error as NodeJS.ErrnoException).syscall === "getaddrinfo") {
    const { message } = error as Error;
    const fix = "Check its spelling, this machine's name service, and the domain's DNS records.";
    return {
      check,
      outcome: "failed",
      message: `the name is not known (${message})`,
      fix,
      code: "PN_SERVER_UNREACHABLE",
    };
  }
  const { code, message, fix } = failureOf(error);
  return { check, outcome: "failed", message, fix, code };
}
