import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { proportionalBytes, residentBytes } from "../measure/process-usage.ts";
import { median } from "../measure/statistics.ts";
import { line, verdict, type Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { megabytes } from "../show.ts";
import { startPostern, type PosternSetup } from "../setups/postern.ts";
import type { Stage } from "../stage.ts";

/** Server and client together, at commit cdef474 with Node 24.21.0, measured by this row. */
const BASELINE = 124.6e6;
const BAR = 0.75;
const IDLE_SECONDS = 20;

/** Memory of a server and a client that have served nothing yet. */
export const idleProcesses: Row = {
  name: "idle-processes",
  about: "memory of an idle server and an idle client (PSS)",
  needs: [],
  limit: (settings) => 60 + settings.rounds * 15,
  run: async (stage, settings) => {
    // Idle processes do not disturb each other, so all rounds wait at the same time.
    const setups: PosternSetup[] = [];
    for (let round = 0; round < settings.rounds; round++) setups.push(await open(stage, settings));
    await pause((settings.quick ? 2 : IDLE_SECONDS) * 1000);
    const rounds = setups.map(({ server, client }) => ({
      server: use(server.process.pid),
      client: use(client.process.pid),
    }));
    const middle = (role: "server" | "client", what: keyof Use): number =>
      median(rounds.map((round) => round[role][what]));
    const total = median(rounds.map(({ server, client }) => server.proportional + client.proportional));
    return [
      line({
        measure: "memory of an idle server and client",
        product: megabytes(total),
        bar: `≤ ${megabytes(BAR * BASELINE)}`,
        result: verdict(total <= BAR * BASELINE),
        note:
          `sum of PSS: server ${megabytes(middle("server", "proportional"))}, ` +
          `client ${megabytes(middle("client", "proportional"))}; ` +
          `RSS ${megabytes(middle("server", "resident"))} and ${megabytes(middle("client", "resident"))}; ` +
          `the bar is ${BAR} × the ${megabytes(BASELINE)} of commit cdef474`,
        raw: rounds,
      }),
    ];
  },
};

interface Use {
  proportional: number;
  resident: number;
}

/**
 * Each pair runs a copy of the Node binary of its own: PSS divides the pages of a binary among all processes that run
 * it, so other Node processes of the machine would make the figure smaller.
 */
async function open(stage: Stage, settings: Settings): Promise<PosternSetup> {
  const node = join(stage.folder("node"), "node");
  copyFileSync(process.execPath, node);
  return startPostern(stage, settings, "127.0.0.1:9", { server: { node }, client: { node } });
}

function use(pid: number): Use {
  return { proportional: proportionalBytes(pid), resident: residentBytes(pid) };
}
