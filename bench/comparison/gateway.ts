import type { Row } from "../row.ts";
import { microseconds } from "../show.ts";
import { startGateway } from "../setups/gateway.ts";
import { startOrigin } from "../setups/origin.ts";
import { compareBuilds } from "./compare-builds.ts";
import { openBursts } from "./requests.ts";
import { summary } from "./summary.ts";

const CONNECTIONS = 64;

/** CPU time of a gateway per request to a route without steps, in bursts over connections that stay open. */
export function compareGateway(against: string): Row {
  return {
    name: "gateway-requests",
    about: `CPU of postern serve per request, ${CONNECTIONS} connections, against ${against}`,
    needs: [],
    limit: ({ pairs, rounds }) => 60 + pairs * (60 + rounds * 3),
    run: async (stage, settings) => {
      const origin = await startOrigin(stage);
      const samples = await compareBuilds(settings, against, settings.rounds, async (build) =>
        openBursts(stage, await startGateway(stage, build, origin.address), CONNECTIONS),
      );
      return [summary("CPU per request of a gateway", samples, settings, microseconds)];
    },
  };
}
