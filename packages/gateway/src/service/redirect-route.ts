import { refusals, type RequestHead } from "../http/index.js";
import type { Labelled } from "../records/labelled-traffic.js";
import type { FinishedRequest, Route } from "../route.js";
import { redirectLocation } from "../routing/index.js";
import type { GatewayRoute, OnRouted } from "./gateway-route.js";
import type { RedirectAction, RouteOptions } from "./service-options.js";

/** A route that redirects visitors. */
export class RedirectRoute implements GatewayRoute {
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly targets = [];
  readonly #status: number;
  readonly #location: (head: RequestHead) => string | undefined;
  readonly #onFinished: (request: FinishedRequest) => void;

  /** @throws RangeError for a template that is not valid. */
  constructor(
    options: RouteOptions,
    { to, status }: RedirectAction,
    { counted, onRouted }: { counted: Labelled; onRouted: OnRouted },
  ) {
    this.options = options;
    this.counted = counted;
    this.#status = status;
    this.#location = redirectLocation(options.match, to);
    this.#onFinished = (request) => onRouted(request, this);
  }

  destination(head: RequestHead): Route {
    const onFinished = this.#onFinished;
    const location = this.#location(head);
    if (location === undefined) return { kind: "refusal", refusal: refusals.PN_ROUTE_PATH, onFinished };
    return { kind: "respond", page: { status: this.#status, text: "" }, location, onFinished };
  }

  close(): void {}
}
