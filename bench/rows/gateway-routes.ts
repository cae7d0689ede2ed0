import { observe } from "../measure/observe.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { wrk } from "../measure/wrk.ts";
import { atMost, line, type Row } from "../row.ts";
import { duration } from "../settings.ts";
import { startGateway } from "../setups/gateway.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { expectResponse, interleave } from "../setups/setup.ts";
import { microseconds, ratio } from "../show.ts";

const SECONDS = 4;
const CONNECTIONS = 64;
const ROUTES = 1_000;
const BAR = 1.01;

/** The CPU time of a request through a gateway with many routes, beside one with a single route. */
export const gatewayRoutes: Row = {
  name: "gateway-routes",
  about: `CPU per request of postern serve with ${ROUTES.toLocaleString("en")} routes, and with one`,
  needs: ["wrk"],
  limit: (settings) => 60 + (settings.rounds + 1) * 2 * (duration(settings, SECONDS) + 2),
  run: async (stage, settings) => {
    const origin = await startOrigin(stage);
    const setups = [
      await startGateway(stage, settings, origin.address, { routes: ROUTES, name: `${ROUTES} routes` }),
      await startGateway(stage, settings, origin.address, { name: "one route" }),
    ];
    const load = { path: SMALL, connections: CONNECTIONS, newConnections: false, seconds: duration(settings, SECONDS) };
    for (const setup of setups) {
      await expectResponse(setup, SMALL);
      await wrk(stage, setup, { ...load, seconds: Math.min(2, load.seconds) });
    }
    const results = await interleave(setups, settings.rounds, async (setup) => {
      const label = `gateway-${setup.name.replace(" ", "-")}`;
      const { value, cpu } = await observe(setup, settings, label, () => wrk(stage, setup, load));
      return cpu / value.requests;
    });
    const [many, one] = results as [number[], number[]];
    const against = pairedRatio(many, one);
    return [
      line({
        measure: `CPU per request, ${ROUTES.toLocaleString("en")} routes`,
        product: microseconds(median(many)),
        yardstick: microseconds(median(one)),
        ratio: ratio(against),
        ...atMost(BAR, against.median),
        note: "beside the same gateway with one route",
        raw: { setups: setups.map(({ name }) => name), results },
      }),
    ];
  },
};
