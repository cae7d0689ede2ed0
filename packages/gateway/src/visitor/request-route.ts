import { Field, refusals, type Refusal, type RequestHead } from "../http/index.js";
import type { Route } from "../route.js";
import type { ConnectionInfo } from "./connection-info.js";
import type { VisitorHost } from "./visitor-host.js";

const MISDIRECTED = refused(refusals.PN_HTTP_MISDIRECTED);
const OVERLOADED = refused(refusals.PN_OVERLOADED);
const LOOP = refused(refusals.PN_ORIGIN_LOOP);

/** The route of a request, as of now. */
export function requestRoute(head: RequestHead, info: ConnectionInfo, host: VisitorHost): Route {
  if (isMisdirected(head, info)) return MISDIRECTED;
  const route = host.router(head, info);
  if (route.kind !== "upstream") return route;
  if (host.overloaded) return OVERLOADED;
  return host.forwarding.loops.isLoop(head.fieldValues(Field.cdnLoop)) ? LOOP : route;
}

/**
 * If the TLS handshake named a host, requests for any other host are refused: the certificate was checked only for that
 * host (RFC 9110, section 7.4).
 */
function isMisdirected({ host }: RequestHead, { serverName }: ConnectionInfo): boolean {
  return serverName !== undefined && host !== serverName && host !== "";
}

function refused(refusal: Refusal): Route {
  return { kind: "refusal", refusal };
}
