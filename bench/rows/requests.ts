import { observe } from "../measure/observe.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { wrk } from "../measure/wrk.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { microseconds, perSecond, ratio } from "../show.ts";
import type { Stage } from "../stage.ts";
import { makeCertificate } from "../setups/certificate.ts";
import { startNginx } from "../setups/nginx.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import { startPrototype } from "../setups/prototype.ts";
import { expectResponse, interleave, type Setup } from "../setups/setup.ts";

const SECONDS = 4;

/** Requests per second over this many keep-alive connections. With `secure`, visitors and client use TLS. */
export function requests(connections: number, bar: number | undefined, secure = false): Row {
  const plural = connections === 1 ? "" : "s";
  return {
    name: `requests-${connections}${secure ? "-tls" : ""}`,
    about: `requests/s, 130-byte response, ${connections} keep-alive ${secure ? "TLS " : ""}connection${plural}`,
    needs: ["nginx", "wrk"],
    limit: (settings) => 60 + (settings.rounds + 1) * 3 * (duration(settings, SECONDS) + 2),
    run: (stage, settings) => run(stage, settings, connections, bar, secure),
  };
}

async function run(
  stage: Stage,
  settings: Settings,
  connections: number,
  bar: number | undefined,
  secure: boolean,
): Promise<Line[]> {
  const seconds = duration(settings, SECONDS);
  const origin = await startOrigin(stage);
  const certificate = secure ? await makeCertificate(stage, settings) : undefined;
  const setups: Setup[] = [
    await startPostern(stage, settings, origin.address, { server: { certificate } }),
    (await startNginx(stage, origin.address, { certificate })).yardstick,
  ];
  if (settings.prototype) setups.push(await startPrototype(stage, settings.prototype, origin.address));
  for (const setup of setups) {
    await expectResponse(setup, SMALL);
    await wrk(stage, setup, SMALL, connections, Math.min(2, seconds));
  }

  const results = await interleave(setups, settings.rounds, async (setup) => {
    const label = `requests-${connections}`;
    const { value, cpu } = await observe(setup, settings, label, () => wrk(stage, setup, SMALL, connections, seconds));
    return { rate: value.rate, cpu: cpu / value.requests };
  });

  const [product, yardstick, prototype] = results.map((runs) => ({
    rates: runs.map(({ rate }) => rate),
    rate: median(runs.map(({ rate }) => rate)),
    cpu: median(runs.map(({ cpu }) => cpu)),
  }));
  const against = pairedRatio(product!.rates, yardstick!.rates);
  const measure = `requests/s, ${connections} ${secure ? "TLS " : ""}connection${connections === 1 ? "" : "s"}`;
  const lines = [
    line({
      measure,
      product: perSecond(product!.rate),
      yardstick: perSecond(yardstick!.rate),
      ratio: ratio(against),
      ...(bar === undefined ? {} : { bar: `≥ ${bar}`, result: verdict(against.median >= bar) }),
      cpu: `${microseconds(product!.cpu)} / ${microseconds(yardstick!.cpu)}`,
      note: prototype ? `${ratio(pairedRatio(product!.rates, prototype.rates))} of the prototype` : "",
      raw: { setups: setups.map(({ name }) => name), results },
    }),
  ];
  if (prototype)
    lines.push(
      line({
        measure: `${measure}: prototype`,
        product: perSecond(prototype.rate),
        yardstick: perSecond(yardstick!.rate),
        ratio: ratio(pairedRatio(prototype.rates, yardstick!.rates)),
        cpu: `${microseconds(prototype.cpu)} / ${microseconds(yardstick!.cpu)}`,
        note: "no flow control, no checks, no limits",
      }),
    );
  return lines;
}
