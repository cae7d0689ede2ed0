import { fileURLToPath } from "node:url";
import { observe } from "../measure/observe.ts";
import { residentBytes } from "../measure/process-usage.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { wrk, type WrkLoad } from "../measure/wrk.ts";
import { atLeast, atMost, line, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { makeCertificate } from "../setups/certificate.ts";
import { FILE_1K, FILE_64K, FILE_LARGE, makeFiles, MANY, startFileNginx, startFiles } from "../setups/files.ts";
import { expectResponse, interleave } from "../setups/setup.ts";
import { megabytes, microseconds, perSecond, ratio, seconds, speed } from "../show.ts";
import type { Stage } from "../stage.ts";
import { visit } from "./transfer.ts";

const SECONDS = 4;
const CONNECTIONS = 64;
/** The cache, and what the process needs beside it. */
const MEMORY = 96e6;

interface SmallFile {
  readonly name: string;
  readonly about: string;
  /** The path; undefined: one of many, at random. */
  readonly path?: string;
  readonly bars: { readonly rate: number; readonly cpu?: number };
}

/** Requests per second for small files. */
function smallFiles({ name, about, path, bars }: SmallFile): Row {
  const load: Omit<WrkLoad, "seconds"> = {
    path: path ?? "/many/0/0.bin",
    connections: CONNECTIONS,
    ...(path === undefined && {
      script: fileURLToPath(new URL("../load/random-files.lua", import.meta.url)),
      scriptArguments: [String(MANY.folders), String(MANY.files)],
    }),
  };
  const run = async (stage: Stage, settings: Settings): Promise<Line[]> => {
    const folder = makeFiles(stage, { many: path === undefined });
    const product = await startFiles(stage, settings, folder, undefined);
    const setups = [product, (await startFileNginx(stage, folder, undefined)).yardstick];
    const length = duration(settings, SECONDS);
    for (const setup of setups) await expectResponse(setup, load.path);
    const idle = residentBytes(product.gateway.process.pid);
    for (const setup of setups) await wrk(stage, setup, { ...load, seconds: Math.min(2, length) });
    const results = await interleave(setups, settings.rounds, async (setup) => {
      const { value, cpu } = await observe(setup, settings, name, () =>
        wrk(stage, setup, { ...load, seconds: length }),
      );
      return { rate: value.rate, cpu: cpu / value.requests };
    });
    const growth = residentBytes(product.gateway.process.pid) - idle;
    const [rates, cpus] = [
      results.map((rounds) => rounds.map(({ rate }) => rate)),
      results.map((rounds) => rounds.map(({ cpu }) => cpu)),
    ];
    const [rate, cpu] = [pairedRatio(rates[0]!, rates[1]!), pairedRatio(cpus[0]!, cpus[1]!)];
    const lines = [
      line({
        measure: `requests/s, ${about}`,
        product: perSecond(median(rates[0]!)),
        yardstick: perSecond(median(rates[1]!)),
        ratio: ratio(rate),
        ...atLeast(bars.rate, rate.median),
        cpu: `${microseconds(median(cpus[0]!))} / ${microseconds(median(cpus[1]!))}`,
        raw: { setups: setups.map((setup) => setup.name), results },
      }),
    ];
    if (bars.cpu !== undefined)
      lines.push(
        line({
          measure: `CPU per request, ${about}`,
          product: microseconds(median(cpus[0]!)),
          yardstick: microseconds(median(cpus[1]!)),
          ratio: ratio(cpu),
          ...atMost(bars.cpu, cpu.median),
        }),
      );
    else
      lines.push(
        line({
          measure: `memory growth, ${about}`,
          product: megabytes(growth),
          ...atMost(1, growth / MEMORY),
          bar: `≤ ${megabytes(MEMORY)}`,
        }),
      );
    return lines;
  };
  return {
    name,
    about: `requests/s, ${about}, ${CONNECTIONS} connections`,
    needs: ["nginx", "wrk"],
    limit: (settings) => 120 + (settings.rounds + 1) * 2 * (duration(settings, SECONDS) + 2),
    run,
  };
}

/** One large file over one connection. */
function largeFile(secure: boolean): Row {
  const kind = `1 GB file${secure ? ", TLS" : ""}`;
  const run = async (stage: Stage, settings: Settings): Promise<Line[]> => {
    const bytes = settings.quick ? 200_000_000 : 1_000_000_000;
    const certificate = secure ? await makeCertificate(stage, settings) : undefined;
    const folder = makeFiles(stage, { large: bytes });
    const nginx = await startFileNginx(stage, folder, certificate);
    const setups = [
      await startFiles(stage, settings, folder, certificate),
      // nginx with TLS copies in any case.
      ...(secure ? [nginx.yardstick] : [nginx.copying, nginx.yardstick]),
    ];
    const download = (setup: (typeof setups)[number]): ReturnType<typeof visit> =>
      visit(stage, setup, "download", FILE_LARGE, bytes);
    for (const setup of setups) await download(setup);
    const results = await interleave(setups, settings.rounds, async (setup) => {
      const { value, cpu } = await observe(setup, settings, "files", () => download(setup));
      if (value.bytes !== bytes) throw new Error(`${value.bytes} of ${bytes} bytes arrived from ${setup.name}`);
      return { rate: bytes / value.seconds, cpu: cpu / (bytes / 1e9) };
    });
    const [rates, cpus] = [
      results.map((rounds) => rounds.map(({ rate }) => rate)),
      results.map((rounds) => rounds.map(({ cpu }) => cpu)),
    ];
    const [rate, cpu] = [pairedRatio(rates[0]!, rates[1]!), pairedRatio(cpus[0]!, cpus[1]!)];
    const others = setups
      .slice(2)
      .map((setup, n) => `${setup.name} ${speed(median(rates[n + 2]!))}, ${seconds(median(cpus[n + 2]!))}/GB`);
    return [
      line({
        measure: kind,
        product: speed(median(rates[0]!)),
        yardstick: speed(median(rates[1]!)),
        ratio: ratio(secure ? rate : cpu),
        ...(secure ? atLeast(0.8, rate.median) : atMost(1.7, cpu.median)),
        cpu: `${seconds(median(cpus[0]!))}/GB / ${seconds(median(cpus[1]!))}/GB`,
        note: [
          ...(secure ? [] : ["the ratio and the bar are those of the CPU time", `the yardstick is ${setups[1]!.name}`]),
          ...others,
        ].join("; "),
        raw: { setups: setups.map(({ name }) => name), results },
      }),
    ];
  };
  return {
    name: secure ? "files-1g-tls" : "files-1g",
    about: `${kind} over one connection`,
    needs: ["nginx"],
    limit: (settings) => 60 + (settings.rounds + 1) * 60,
    run,
  };
}

/** Files of a folder, beside nginx. */
export const files: readonly Row[] = [
  smallFiles({ name: "files-1k", about: "file of 1 KB", path: FILE_1K, bars: { rate: 0.65, cpu: 1.9 } }),
  smallFiles({ name: "files-64k", about: "file of 64 KB", path: FILE_64K, bars: { rate: 0.65, cpu: 1.9 } }),
  largeFile(false),
  largeFile(true),
  smallFiles({
    name: "files-many",
    about: `${(MANY.folders * MANY.files).toLocaleString("en")} files of 4 KB in random order`,
    bars: { rate: 0.5 },
  }),
];
