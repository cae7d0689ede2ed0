import type { Steps } from "../middleware/chain/steps.js";
import type { Labelled } from "../records/labelled-traffic.js";
import type { AccessLogger, FinishedRequest, RespondRoute as Response } from "../route.js";
import type { GatewayRoute, OnRouted, RouteDependencies } from "./gateway-route.js";
import type { RespondAction, RouteOptions } from "./service-options.js";

/** A route with a fixed response. */
export class RespondRoute implements GatewayRoute, Response {
  readonly kind = "respond";
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly accessLog: AccessLogger | null | undefined;
  readonly steps: Steps | undefined;
  readonly targets = [];
  readonly page: { status: number; text: string };
  readonly #onRouted: OnRouted;

  constructor(
    options: RouteOptions,
    { status, text }: RespondAction,
    { counted, steps, accessLog, onRouted }: RouteDependencies,
  ) {
    this.options = options;
    this.counted = counted;
    this.accessLog = accessLog;
    this.steps = steps;
    this.page = { status, text };
    this.#onRouted = onRouted;
  }

  destination(): Response {
    return this;
  }

  onFinished(request: FinishedRequest): void {
    this.#onRouted(request, this);
  }

  close(): void {}
}
