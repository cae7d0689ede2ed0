import { setTimeout as pause } from "node:timers/promises";
import { EXIT } from "../../errors.js";
import { forgetClient, runFolder, runningClients } from "../../monitoring/run-file.js";
import { listenForStop } from "../../running/stop-request.js";
import { pageLines } from "../../status/page-lines.js";
import { queryClient, type ClientResponse } from "../../status/query-client.js";
import { statusTable } from "../../status/status-table.js";
import { LiveRegion } from "../../terminal/live-region.js";
import { paintFor } from "../../terminal/paint.js";
import type { Terminal } from "../../terminal/terminal.js";

/** Milliseconds between two refreshes. */
const INTERVAL = 1_000;

export interface StatusCommandLine {
  /** Print one JSON object per refresh instead of a table. */
  json: boolean;
  /** Refresh until stopped. */
  watch: boolean;
}

/**
 * `postern status`: shows the running clients of this user. Returns 0 if there are any and all are healthy, otherwise
 * 1. With `watch`, returns 0.
 */
export async function run({ json, watch }: StatusCommandLine, terminal: Terminal): Promise<number> {
  const { stdout, env } = terminal;
  const paint = paintFor(stdout, env);
  const region = watch && stdout.terminal ? new LiveRegion(stdout) : undefined;
  const show = (responses: readonly ClientResponse[]): void => {
    if (json) return stdout.line(JSON.stringify(summary(responses)));
    const lines = statusTable(responses, stdout.columns, paint);
    if (region === undefined) stdout.line(lines.join("\n"));
    else region.draw(lines.slice(0, (stdout.rows ?? Infinity) - 1));
  };
  if (!watch) {
    const responses = await queryAll(env);
    show(responses);
    if (!json && stdout.terminal) for (const line of pageLines(responses)) stdout.line(line);
    return isHealthy(responses) ? EXIT.done : EXIT.failed;
  }
  const stop = listenForStop();
  try {
    while (!stop.requested) {
      show(await queryAll(env));
      await pause(INTERVAL, undefined, { signal: stop.signal }).catch(() => {});
    }
    return EXIT.done;
  } finally {
    stop.dispose();
  }
}

/** Queries all running clients, and removes the run files of those that are gone. */
async function queryAll(env: NodeJS.ProcessEnv): Promise<ClientResponse[]> {
  const folder = runFolder(env);
  const responses = await Promise.all(runningClients(folder).map(queryClient));
  for (const { client, isGone } of responses) if (isGone) forgetClient(folder, client);
  return responses.filter(({ isGone }) => !isGone);
}

function isHealthy(responses: readonly ClientResponse[]): boolean {
  return responses.length > 0 && responses.every(({ document }) => document?.healthy === true);
}

/** The document that `--json` prints. */
function summary(responses: readonly ClientResponse[]): Record<string, unknown> {
  return {
    schema: 1,
    healthy: isHealthy(responses),
    clients: responses.flatMap(({ client, document }) =>
      document === undefined ? [] : [{ command: client.command, api: client.api, ...document }],
    ),
    unanswered: responses.flatMap(({ client, trouble }) =>
      trouble === undefined ? [] : [{ command: client.command, api: client.api, pid: client.pid, error: trouble }],
    ),
  };
}
