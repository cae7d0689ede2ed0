import { Origin, type Defer } from "@postern/testkit";
import { startGateway, type GatewayService } from "./gateway-service.js";
import type { ForwardAction, GatewayServiceOptions, RouteOptions } from "./service-options.js";

export type StartOptions = Partial<GatewayServiceOptions> & { routes: readonly RouteOptions[] };

/** A gateway on a free port, until the end of the test. */
export async function startService(defer: Defer, options: StartOptions): Promise<GatewayService> {
  const service = await startGateway({ listen: "127.0.0.1:0", version: "1.2.3", drainTimeout: 1_000, ...options });
  defer(() => service.stop());
  return service;
}

export function portOf(address: string | undefined): number {
  return Number(address?.split(":").at(-1));
}

/** A route to an origin, with its path and more. */
export function forward(path: string, port: number, more: Partial<ForwardAction> = {}, base = ""): RouteOptions {
  const limits = { answer: 0, idle: 0, body: 0 };
  const targets = [{ url: `http://127.0.0.1:${port}${base}` }];
  return { name: path, match: { path }, action: { kind: "forward", targets, stripPrefix: true, limits, ...more } };
}

/** An origin that answers with its name. */
export function namedOrigin(defer: Defer, name: string): Promise<Origin> {
  return Origin.start(defer, (incoming, outgoing) => {
    incoming.resume().on("end", () => outgoing.end(name));
  });
}
