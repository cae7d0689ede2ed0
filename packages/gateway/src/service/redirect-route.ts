import { refusals, type RequestHead } from "../http/index.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { Labelled } from "../records/labelled-traffic.js";
import type { AccessLogger, FinishedRequest, Route } from "../route.js";
import { redirectLocation } from "../routing/index.js";
import type { GatewayRoute, RouteDependencies } from "./gateway-route.js";
import type { RedirectAction, RouteOptions } from "./service-options.js";

/** A route that redirects visitors. */
export class RedirectRoute implements GatewayRoute {
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly steps: Steps | undefined;
  readonly targets = [];
  readonly #status: number;
  readonly #location: (head: RequestHead) => string | undefined;
  readonly #onFinished: (request: FinishedRequest) => void;
  readonly #accessLog: AccessLogger | null | undefined;

  /** @throws RangeError for a template that is not valid. */
  constructor(
    options: RouteOptions,
    { to, status }: RedirectAction,
    { counted, steps, accessLog, onRouted }: RouteDependencies,
  ) {
    this.options = options;
    this.counted = counted;
    this.#accessLog = accessLog;
    this.steps = steps;
    this.#status = status;
    this.#location = redirectLocation(options.match, to);
    this.#onFinished = (request) => onRouted(request, this);
  }

  destination(head: RequestHead): Route {
    const reported = { onFinished: this.#onFinished, accessLog: this.#accessLog };
    const location = this.#location(head);
    if (location === undefined) return { kind: "refusal", refusal: refusals.PN_ROUTE_PATH, ...reported };
    return { kind: "respond", steps: this.steps, page: { status: this.#status, text: "" }, location, ...reported };
  }

  close(): void {}
}
