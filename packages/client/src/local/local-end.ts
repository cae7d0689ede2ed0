import { StreamConnection } from "@postern/net";
import type { Stream, StreamHandler } from "@postern/protocol";
import type { TunnelEvents } from "../tunnel-events.js";
import type { InProcessService } from "./in-process-service.js";
import { parseLocalAddress, type LocalAddress, type LocalTls } from "./local-address.js";
import { LocalConnection } from "./local-connection.js";
import { LocalService } from "./local-service.js";

/** Where visitors' connections go: an address on the network, or a service in this process. */
export type Local = LocalAddress | InProcessService;

/** The end of a session's streams. */
export interface LocalEnd {
  /** Host of requests to it, if the visitor's host is replaced. */
  readonly authority: string;
  /**
   * Serves a stream. Returns its handler.
   * @param onClosed called once, when the connection to the service is closed or could not be opened.
   */
  serve(stream: Stream, events: TunnelEvents, onClosed: () => void): StreamHandler;
}

/** @throws TypeError as `parseLocalAddress`. */
export function localOf(given: string | number | InProcessService, trust?: LocalTls): Local {
  return typeof given === "object" ? given : parseLocalAddress(given, trust);
}

export function isInProcess(local: Local): local is InProcessService {
  return "accept" in local;
}

/** @param features of the session. */
export function localEnd(local: Local, features: readonly string[]): LocalEnd {
  return isInProcess(local) ? new InProcessEnd(local) : new DialledEnd(new LocalService(local, features));
}

/** Host for a service without an address. */
export const IN_PROCESS_AUTHORITY = "localhost";

class InProcessEnd implements LocalEnd {
  readonly authority = IN_PROCESS_AUTHORITY;
  readonly #service: InProcessService;

  constructor(service: InProcessService) {
    this.#service = service;
  }

  serve(stream: Stream, _: TunnelEvents, onClosed: () => void): StreamHandler {
    const connection = new StreamConnection(stream, undefined, onClosed);
    this.#service.accept(connection);
    return connection;
  }
}

class DialledEnd implements LocalEnd {
  readonly authority: string;
  readonly #service: LocalService;

  constructor(service: LocalService) {
    this.authority = service.address.authority;
    this.#service = service;
  }

  serve(stream: Stream, events: TunnelEvents, onClosed: () => void): StreamHandler {
    return new LocalConnection(stream, this.#service, events, onClosed);
  }
}
