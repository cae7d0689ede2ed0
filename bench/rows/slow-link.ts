import { execFileSync } from "node:child_process";
import { missingPrograms } from "../programs.ts";
import { line, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import type { Stage } from "../stage.ts";
import { startNginx } from "../setups/nginx.ts";
import { startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import { direct } from "../setups/setup.ts";
import { compareBeside } from "./beside-bulk.ts";
import { quiet } from "./quiet.ts";

const SECONDS = 8;
const BAR_MS = 10;
/** The limit exceeds the bytes that TCP queues, so that the shaper itself drops nothing. */
const SHAPE = ["rate", "10mbit", "burst", "16kb", "limit", "8mb"];
const SERVER_HOST = "198.18.0.1";
const CLIENT_HOST = "198.18.0.2";

const MEASURE = "p99 of small requests during bulk transfers, 10 Mbit/s link";

/** The same as `beside-bulk`, with a 10 Mbit/s link between the server's side and the client's. */
export const slowLink: Row = {
  name: "slow-link",
  about:
    "50 small requests/s beside a download and an upload over a 10 Mbit/s link (network namespaces, tc tbf; as root)",
  needs: ["nginx"],
  limit: (settings) => 90 + (settings.rounds + 1) * 6 * (duration(settings, SECONDS) + 10),
  run: async (stage, settings) => {
    const missing = obstacle();
    return missing ? [line({ measure: MEASURE, result: "skipped", note: missing })] : run(stage, settings);
  },
};

/** The reason why this machine cannot create the link, if any. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root for network namespaces";
  const missing = missingPrograms(["ip", "tc"]);
  if (missing) return missing;
  try {
    execFileSync("tc", ["qdisc", "show"], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `tc does not work here: ${String(error)}`;
  }
}

async function run(stage: Stage, settings: Settings): Promise<Line[]> {
  const { near, far, count } = buildLink(stage);
  const origin = await startOrigin(stage, { netns: far, host: CLIENT_HOST });
  const nginx = await startNginx(stage, origin.plain, { netns: near, host: SERVER_HOST });
  const product = await startPostern(stage, settings, origin.plain, {
    server: { netns: near, host: SERVER_HOST, inspect: false },
    client: { netns: far, inspect: false },
  });
  const lines = await compareBeside(stage, settings, [product, nginx.yardstick, direct(origin.plain)], origin, {
    seconds: duration(settings, SECONDS),
    flowingBytes: 1e6,
    netns: near,
    quiet: () => quiet("bytes still cross the link", () => count("Sent"), 10_000),
    id: "p99-slow-link",
    bars: { milliseconds: BAR_MS },
    where: ", 10 Mbit/s link",
  });
  const [delay, ...bulk] = lines as [Line, ...Line[]];
  return [{ ...delay, note: `${delay.note}; tbf ${SHAPE.join(" ")}, dropped ${count("dropped")} packets` }, ...bulk];
}

/** Creates two namespaces, joined by a veth pair that is shaped in both directions. */
function buildLink(stage: Stage): { near: string; far: string; count: (what: "Sent" | "dropped") => number } {
  const near = `postern-s${process.pid}`;
  const far = `postern-c${process.pid}`;
  const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });
  for (const name of [near, far]) {
    ip("netns", "add", name);
    stage.onClose(() => void ip("netns", "delete", name));
    ip("-n", name, "link", "set", "lo", "up");
  }
  ip("-n", near, "link", "add", "link0", "type", "veth", "peer", "name", "link0", "netns", far);
  for (const [name, address] of [
    [near, SERVER_HOST],
    [far, CLIENT_HOST],
  ] as const) {
    ip("-n", name, "address", "add", `${address}/30`, "dev", "link0");
    ip("-n", name, "link", "set", "link0", "up");
    execFileSync("tc", ["-n", name, "qdisc", "add", "dev", "link0", "root", "tbf", ...SHAPE]);
  }
  const counted = (name: string, what: string): number => {
    const text = execFileSync("tc", ["-n", name, "-s", "qdisc", "show", "dev", "link0"], { encoding: "utf8" });
    return Number(new RegExp(`${what} (\\d+)`).exec(text)?.[1]);
  };
  return { near, far, count: (what) => counted(near, what) + counted(far, what) };
}
