import { setTimeout as pause } from "node:timers/promises";
import { EXIT } from "../errors.js";
import { LiveRegion } from "../terminal/live-region.js";
import { forgetClient, runFolder, runningClients } from "../monitoring/run-file.js";
import { paintFor } from "../terminal/paint.js";
import { askClient, type ClientAnswer } from "../status/ask-client.js";
import { statusTable } from "../status/status-table.js";
import { listenForStop } from "../running/stop-request.js";
import type { Terminal } from "../terminal/terminal.js";

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

export interface StatusCommandLine {
  /** One JSON object a look, instead of a table. */
  json: boolean;
  /** Look again and again, until it is told to stop. */
  watch: boolean;
}

/** `postern status`: how the clients of this user are. Returns 0 when all of them are healthy, else 1; 0 when watching was ended. */
export async function statusCommand({ json, watch }: StatusCommandLine, terminal: Terminal): Promise<number> {
  const { stdout, env } = terminal;
  const paint = paintFor(stdout, env);
  const region = watch && stdout.terminal ? new LiveRegion(stdout) : undefined;
  const tell = (answers: readonly ClientAnswer[]): void => {
    if (json) return stdout.line(JSON.stringify(summary(answers)));
    const lines = statusTable(answers, stdout.columns, paint);
    if (region === undefined) stdout.line(lines.join("\n"));
    else region.draw(lines.slice(0, (stdout.rows ?? Infinity) - 1));
  };
  if (!watch) {
    const answers = await look(env);
    tell(answers);
    return isHealthy(answers) ? EXIT.done : EXIT.failed;
  }
  const stop = listenForStop();
  try {
    while (!stop.requested) {
      tell(await look(env));
      await pause(INTERVAL, undefined, { signal: stop.signal }).catch(() => {});
    }
    return EXIT.done;
  } finally {
    stop.dispose();
  }
}

/** Asks all that run; those that are gone are forgotten. */
async function look(env: NodeJS.ProcessEnv): Promise<ClientAnswer[]> {
  const folder = runFolder(env);
  const answers = await Promise.all(runningClients(folder).map(askClient));
  for (const { client, isGone } of answers) if (isGone) forgetClient(folder, client);
  return answers.filter(({ isGone }) => !isGone);
}

function isHealthy(answers: readonly ClientAnswer[]): boolean {
  return answers.length > 0 && answers.every(({ document }) => document?.healthy === true);
}

/** The same for programs. */
function summary(answers: readonly ClientAnswer[]): Record<string, unknown> {
  return {
    schema: 1,
    healthy: isHealthy(answers),
    clients: answers.flatMap(({ client, document }) =>
      document === undefined ? [] : [{ command: client.command, api: client.api, ...document }],
    ),
    unanswered: answers.flatMap(({ client, trouble }) =>
      trouble === undefined ? [] : [{ command: client.command, api: client.api, pid: client.pid, error: trouble }],
    ),
  };
}
