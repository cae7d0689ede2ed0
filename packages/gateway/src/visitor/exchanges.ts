import { Exchange } from "../exchange/exchange.js";
import type { FilesExchange, VisitorExchange } from "../exchange/visitor-exchange.js";
import type { VisitorSide } from "../exchange/visitor-side.js";
import type { FileRequest } from "../http/index.js";
import type { FilesRoute, Route, UpstreamRoute } from "../route.js";
import type { VisitorHost } from "./visitor-host.js";

/** Whether an exchange responds to the requests of a route. */
export function isExchanged(route: Route): route is UpstreamRoute | FilesRoute {
  return route.kind === "upstream" || route.kind === "files";
}

/** The exchanges of one visitor that speaks HTTP/1: one of each kind, created for the first request that needs it. */
export class Exchanges {
  /** That of the current request, or of the last one; undefined if there was none since the last `drop`. */
  current: VisitorExchange | undefined;
  readonly #host: VisitorHost;
  readonly #visitor: VisitorSide;
  readonly #request: FileRequest;
  #forwarding: Exchange | undefined;
  #files: FilesExchange | undefined;

  /** @param request the current request; the same object is parsed again for each request */
  constructor(visitor: VisitorSide, request: FileRequest, host: VisitorHost) {
    this.#host = host;
    this.#visitor = visitor;
    this.#request = request;
  }

  /** Begins the exchange of the current request, whose head has been read. */
  begin(route: UpstreamRoute | FilesRoute): void {
    if (route.kind === "files") {
      const exchange = (this.#files ??= this.#createFilesExchange());
      this.current = exchange;
      exchange.begin(route);
    } else {
      const exchange = (this.#forwarding ??= new Exchange(this.#visitor, this.#request));
      this.current = exchange;
      exchange.begin(route, "chunks");
    }
  }

  #createFilesExchange(): FilesExchange {
    const exchange = this.#host.createFilesExchange?.(this.#visitor, this.#request);
    if (exchange === undefined) throw new Error("This gateway was created without exchanges for files.");
    return exchange;
  }

  /** Releases the memory of exchanges that are over. */
  drop(): void {
    this.current = this.#forwarding = this.#files = undefined;
  }
}
