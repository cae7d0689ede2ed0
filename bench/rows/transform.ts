import { observe } from "../measure/observe.ts";
import { residentBytes } from "../measure/process-usage.ts";
import { median } from "../measure/statistics.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { megabytes, seconds, speed } from "../show.ts";
import { freePort, type Stage } from "../stage.ts";
import { startGateway, type GatewaySetup } from "../setups/gateway.ts";
import { listening } from "../setups/listening.ts";
import { interleave } from "../setups/setup.ts";

const HOST = "127.0.0.1";
const FIND = "internal.example.com";
/** As long as that, so that bodies keep their length. */
const REPLACE = "external.example.com";
/** Bytes per second of CPU time. */
const BAR = 0.5e9;
const MEMORY_BAR = 32e6;
const SAMPLE_MS = 20;

const CHANGES = `[[proxy.middleware.transform.response.replace_text]]\nfind = "${FIND}"\nreplace = "${REPLACE}"\n`;

/** 1 GB of text through a literal replacement of postern serve, beside the same gateway without it. */
export const transform: Row = {
  name: "transform",
  about: "1 GB of text through a literal replacement of postern serve: CPU and memory",
  needs: [],
  limit: (settings) => 60 + (settings.rounds + 1) * 2 * 30,
  run: async (stage, settings) => {
    const bytes = settings.quick ? 200_000_000 : 1_000_000_000;
    const port = await freePort();
    const origin = stage.script("text-origin", { host: HOST, port, bytes, find: FIND });
    await listening(origin, port);
    const target = `${HOST}:${port}`;
    const setups = [
      await startGateway(stage, settings, target, { more: CHANGES, name: "replacing" }),
      await startGateway(stage, settings, target, { name: "without changes" }),
    ];
    const results = await interleave(setups, settings.rounds, (setup) => measure(stage, settings, setup, bytes));
    return lines(results, bytes);
  },
};

interface Measured {
  cpu: number;
  rate: number;
  peak: number;
  before: number;
}

async function measure(stage: Stage, settings: Settings, setup: GatewaySetup, bytes: number): Promise<Measured> {
  const { pid } = setup.gateway.process;
  const before = residentBytes(pid);
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, residentBytes(pid))), SAMPLE_MS);
  const label = `transform-${setup.name.replace(" ", "-")}`;
  const { address, host } = setup;
  const visitor = { address, host, path: "/", find: FIND };
  const { value, cpu } = await observe(setup, settings, label, () =>
    stage.script("text-download", visitor).report<{ bytes: number; seconds: number; found: number }>(),
  ).finally(() => clearInterval(sampling));
  if (value.bytes !== bytes) throw new Error(`${value.bytes} of ${bytes} bytes arrived from ${setup.name}`);
  if ((setup.name === "replacing") !== (value.found === 0))
    throw new Error(`${setup.name}: the text is not as expected`);
  return { cpu: cpu / (bytes / 1e9), rate: bytes / value.seconds, peak, before };
}

function lines([replacing, without]: readonly (readonly Measured[])[], bytes: number): Line[] {
  const middle = (runs: readonly Measured[] | undefined, of: keyof Measured): number =>
    median((runs ?? []).map((run) => run[of]));
  const cpu = middle(replacing, "cpu");
  // The first round shows what a transfer needs, and the others whether memory grows with the bytes.
  const [first, ...others] = (replacing ?? []).map(({ peak }) => peak);
  const growth = Math.max(0, ...others.map((peak) => peak - first!));
  const what = `${bytes / 1e9} GB through a literal replacement`;
  return [
    line({
      measure: `${what}, bytes per second of CPU`,
      product: speed(1e9 / cpu),
      yardstick: speed(1e9 / middle(without, "cpu")),
      bar: `≥ ${speed(BAR)}`,
      result: verdict(1e9 / cpu >= BAR),
      cpu: `${seconds(cpu)}/GB / ${seconds(middle(without, "cpu"))}/GB`,
      note: `at ${speed(middle(replacing, "rate"))}, without changes at ${speed(middle(without, "rate"))}`,
      raw: { replacing, without },
    }),
    line({
      measure: `${what}, growth of memory after the first`,
      product: megabytes(growth),
      bar: `≤ ${megabytes(MEMORY_BAR)}`,
      result: verdict(growth <= MEMORY_BAR),
      note: `at most ${megabytes(middle(replacing, "peak"))}, idle ${megabytes(middle(replacing, "before"))}; without changes ${megabytes(middle(without, "peak"))}`,
    }),
  ];
}
