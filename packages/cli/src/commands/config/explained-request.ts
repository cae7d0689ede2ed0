import { explainFile, explainRequest, type ExplainedFile, type ExplainedRequest } from "@postern/gateway/service";
import { CliError } from "../../errors.js";
import { hasGateway } from "../../running/gateway-settings.js";
import { gatewayOptions, loadGateway } from "../../running/configured-gateway.js";
import type { Settings } from "../../settings/configuration.js";
import type { Paint } from "../../terminal/paint.js";
import { printable, printableAscii } from "../../terminal/printable.js";
import { choiceText } from "./choice-text.js";
import { answerText } from "./file-answer.js";
import { listenerNote } from "./listener-note.js";
import { requestToExplain, type GivenRequest, type RequestToExplain } from "./request-to-explain.js";

/** Routes for other hosts and paths that are listed if none is for this one. */
const OTHERS = 5;

/** The hosts to which the redirect to HTTPS leads. */
const KNOWN_HOSTS = "hosts of a certificate or of a route, localhost and addresses of local networks";

const ADDRESS_REASON = "allow_ips or deny_ips of the route exclude the visitor's address (--from)";

type Candidate = ExplainedRequest["routing"]["candidates"][number];

/** Explains what the gateway of the file does with a request. Throws as `requestToExplain` and `loadGateway`. */
export async function explainedRequest(given: GivenRequest, settings: Settings): Promise<RequestReport> {
  const request = requestToExplain(given);
  if (!hasGateway(settings))
    throw new CliError(
      "PN_CONFIG_MISSING",
      "The configuration has no route to explain.",
      "Add [[proxy]] with path and target, or [static_config] with directory.",
    );
  const { routes, certificates, served } = await loadGateway(settings);
  try {
    const { serviceEndpoints = true, tls, namedFiles } = gatewayOptions(settings, certificates);
    const explained = explainRequest(routes, request, { serviceEndpoints, tls });
    const file = await explainFile(explained, request, { paths: served.secretFiles, namedFiles });
    const note = listenerNote(request.url, settings.loaded.gatewayAddresses);
    return new RequestReport(request, { ...explained, file, note }, settings.loaded.values.proxy.length);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError("PN_USAGE", error.message);
    throw error;
  }
}

interface Explained extends ExplainedRequest {
  /** Of a route with files. */
  readonly file: ExplainedFile | undefined;
  /** Why no listener of the gateway receives the request; undefined: one does. */
  readonly note: string | undefined;
}

/** The explanation of a request, for people and for programs. */
export class RequestReport {
  readonly #request: RequestToExplain;
  readonly #explained: Explained;
  readonly #proxies: number;

  /** @param proxies the number of `[[proxy]]` tables */
  constructor(request: RequestToExplain, explained: Explained, proxies: number) {
    this.#request = request;
    this.#explained = explained;
    this.#proxies = proxies;
  }

  get json(): Record<string, unknown> {
    const { method, url, authority, headers, address } = this.#request;
    const { httpsRedirect, isExempt, routing, steps, targets, folder, file, note } = this.#explained;
    const { location, isServiceEndpoint, refusal } = this.#explained;
    return {
      request: { method, url, host: authority, headers: headers.map(([name, value]) => ({ name, value })), address },
      not_received: note ?? null,
      route: isServiceEndpoint ? null : (routing.value?.name ?? null),
      refusal: refusal ?? null,
      https_redirect: httpsRedirect ?? null,
      https_exempt: isExempt,
      steps,
      targets,
      ...(folder === undefined ? {} : { files: { ...folder, ...file } }),
      ...(location === undefined ? {} : { location }),
      service_endpoint: isServiceEndpoint,
      candidates: routing.candidates.map(({ value, index, takes, mismatches }) => ({
        route: value.name,
        option: this.#optionOf(index),
        takes,
        mismatches,
      })),
    };
  }

  lines(paint: Paint): string[] {
    const { method, url, address } = this.#request;
    const { routing, note } = this.#explained;
    const shown = this.#considered();
    const others = routing.candidates.length - shown.length;
    return [
      paint.bold(printableAscii(`${method} ${url}`)),
      "",
      row("From", printable(address)),
      ...(note === undefined
        ? []
        : [row("Listener", paint.red(`none: ${note}. The rest assumes a proxy that leads here`))]),
      ...this.#outcome(paint),
      "",
      ...(this.#isRouted ? [] : ["No route is tried. To see the route over HTTPS, explain the https:// URL."]),
      ...(shown.length === 0 ? [] : ["Routes in the order in which they are tried, the most specific first:"]),
      ...shown.map((candidate) => `  ${candidateText(candidate, this.#optionOf(candidate.index), paint)}`),
      ...(others === 0 ? [] : [paint.dim(`  … and ${others} for other hosts or paths`)]),
    ];
  }

  /** False for a request that the redirect to HTTPS keeps from the routes. */
  get #isRouted(): boolean {
    const { httpsRedirect, refusal } = this.#explained;
    return httpsRedirect === undefined && refusal !== "PN_HTTP_HOST_UNKNOWN";
  }

  #outcome(paint: Paint): string[] {
    const { httpsRedirect, isExempt } = this.#explained;
    if (httpsRedirect !== undefined) {
      const { status, location } = httpsRedirect;
      return [row("Redirect", `${status} to ${printableAscii(location)} ([server.ssl.redirect])`)];
    }
    if (!this.#isRouted)
      return [
        row("Refused", `${paint.red("PN_HTTP_HOST_UNKNOWN")}: the redirect to HTTPS leads only to ${KNOWN_HOSTS}`),
      ];
    const exempt = isExempt
      ? [row("HTTPS", "not redirected: exempt_paths in [server.ssl.redirect] covers the path")]
      : [];
    return [...exempt, ...this.#routed(paint)];
  }

  #routed(paint: Paint): string[] {
    const { routing, steps, targets, folder, file, location, isServiceEndpoint, refusal } = this.#explained;
    const { value } = routing;
    const passed = steps.length === 0 ? [] : [row("Steps", steps.join(" → "))];
    const route = value === undefined ? [] : [row("Route", paint.cyan(printable(value.name))), ...passed];
    if (refusal === "PN_ACCESS_ADDRESS") return [...route, row("Refused", `${paint.red(refusal)}: ${ADDRESS_REASON}`)];
    if (refusal !== undefined) return [...route, row("Refused", `${paint.red(refusal)}: ${refusalReason(routing)}`)];
    if (isServiceEndpoint) return [row("Response", "the gateway's own page for monitors (enable_health_endpoints)")];
    const action = value?.action;
    if (action?.kind === "redirect")
      return [...route, row("Redirect", `${action.status} to ${printableAscii(location ?? "")}`)];
    if (action?.kind === "respond") return [...route, row("Response", `${action.status}, with the text of the route`)];
    if (folder !== undefined)
      return [
        ...route,
        row("Files", `${printable(folder.directory)}  path  ${printableAscii(folder.path ?? "")}`),
        ...(file === undefined ? [] : [row("Response", answerText(file))]),
      ];
    const { method } = this.#request;
    const limits = action?.kind === "forward" ? limitsText(action.limits) : "";
    return [
      ...route,
      ...targets.map(({ url, path = "", host }) =>
        row(
          "Target",
          `${paint.cyan(printable(url))}  gets  ${printableAscii(`${method} ${path}`)}  Host: ${printable(host)}`,
        ),
      ),
      ...(targets.length > 1 && action?.kind === "forward" ? [row("Choice", printable(choiceText(action)))] : []),
      ...(limits === "" ? [] : [row("Limits", limits)]),
    ];
  }

  /** The option of a route. The route of the static files comes after all others. */
  #optionOf(index: number): string {
    return index < this.#proxies ? `proxy[${index}]` : "static_config";
  }

  /** The routes for this host and path; if there are none, some others. */
  #considered(): readonly Candidate[] {
    const { candidates } = this.#explained.routing;
    const near = candidates.filter(
      ({ mismatches }) => !mismatches.some(({ kind }) => kind === "host" || kind === "path"),
    );
    return near.length > 0 ? near : candidates.slice(0, OTHERS);
  }
}

function refusalReason({ fault, allowed, ambiguity }: ExplainedRequest["routing"]): string {
  if (fault === "method") return `the route accepts ${allowed}`;
  if (ambiguity?.kind === "reading") {
    const { path, value } = ambiguity;
    const other = value === undefined ? "which no route takes" : `which is for ${printable(value.name)}`;
    return `some servers read the path as ${printableAscii(path)}, ${other}`;
  }
  return fault === "unknown" ? "no route takes it" : "its path is not safe to forward";
}

function row(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`;
}

function candidateText({ value, takes, mismatches }: Candidate, option: string, paint: Paint): string {
  const name = `${printable(value.name)} ${paint.dim(`(${option})`)}`;
  if (takes === "first") return `${paint.green("✓")} ${name}  takes it`;
  if (takes === "later") return `${paint.dim("·")} ${name}  takes it too, but is less specific`;
  const needs = mismatches.map((each) => {
    const expected = typeof each.expected === "string" ? each.expected : each.expected.join(", ");
    const what = each.kind === "header" || each.kind === "query" ? `${each.kind} ${each.name}` : each.kind;
    return printable(`${what} ${expected}`);
  });
  return `${paint.dim("✗")} ${name}  needs ${needs.join(" and ")}`;
}

function limitsText({ answer, idle, body }: { answer: number; idle: number; body: number }): string {
  const parts = [
    ...(answer > 0 ? [`${answer / 1_000} s until the response begins`] : []),
    ...(idle > 0 ? [`${idle / 1_000} s without progress`] : []),
    ...(body > 0 ? [`a body of ${body / 1_000_000} MB`] : []),
  ];
  return parts.join(", ");
}
