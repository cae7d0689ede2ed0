import { randomBytes } from "node:crypto";
import { connect, type TunnelHandle } from "@postern/client";
import { CONFIGURATION, ConfigError, resolve } from "@postern/config";
import { startServer, type Server } from "@postern/server";
import { requestOnce } from "../../demo/once.js";
import { startDemoService, type DemoService } from "../../demo/service.js";
import { EXIT } from "../../errors.js";
import { isDetailed } from "../../reporting/detail.js";
import { consoleSink, createLog } from "../../reporting/log.js";
import { humanOutput, logMessages, textMessages, type Messages } from "../../reporting/messages.js";
import { TunnelView } from "../../reporting/tunnel-view.js";
import { runServices } from "../../running/run-services.js";
import type { Service } from "../../service.js";
import type { CommandLine } from "../../settings/options.js";
import { paintFor } from "../../terminal/paint.js";
import { printable } from "../../terminal/printable.js";
import { eventPrinter, type Terminal } from "../../terminal/terminal.js";
import { wrapped } from "../../terminal/wrapped.js";

const WHERE = "The server, the client and a sample service run in this process, reachable from this machine only.";

/** `postern demo`: runs server, sample service and client in this process, on loopback. Returns the exit code. */
export async function run(given: CommandLine & { once: boolean }, terminal: Terminal): Promise<number> {
  // The configuration file is not read, so that the demo is the same on every machine.
  const source = { env: terminal.env, flags: given.flags };
  const { values, problems } = resolve(CONFIGURATION.entries.logging, source, ["logging"]);
  if (problems.length > 0) throw new ConfigError(problems);
  const { level, format } = values;
  const output = humanOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const messages =
    format === "text"
      ? textMessages(output, paint, level)
      : logMessages(createLog({ level, sinks: [consoleSink(output, format, paint, true)] }), paint);
  const print = given.json ? eventPrinter(terminal.stdout, "demo") : undefined;
  const view = new TunnelView(messages, (url) => showDemo(messages, url, given.once));

  const key = randomBytes(24).toString("base64url");
  const ended = Promise.withResolvers<void>();
  const parts: Partial<{ server: Server; sample: DemoService; tunnel: TunnelHandle }> = {};
  const server: Service = {
    async start() {
      parts.server = await startServer({
        listen: "127.0.0.1:0",
        domain: "localhost",
        apiKeys: [{ owner: "demo", key }],
        // The client already reports the requests, so at the default level the server logs only problems.
        log: createLog({
          level: level === "info" ? "warn" : level,
          sinks: [consoleSink(terminal.stderr, format, paint, isDetailed(level))],
        }),
      });
    },
    stop: async () => parts.server?.stop(),
  };
  const sample: Service = {
    start: async () => void (parts.sample = await startDemoService(started(parts.server).address)),
    stop: async () => parts.sample?.close(),
  };
  const tunnel: Service = {
    ended: ended.promise,
    async start() {
      parts.tunnel = await connect({
        server: started(parts.server).url,
        apiKey: key,
        local: `127.0.0.1:${started(parts.sample).port}`,
        name: "demo",
        onEvent(event) {
          print?.({ ...event });
          view.show(event);
        },
      });
      parts.tunnel.on("closed", (error) => (error === undefined ? ended.resolve() : ended.reject(error)));
    },
    stop: async () => parts.tunnel?.close(),
  };
  // Clocks and echoes never end by themselves. They stop first, because the tunnel waits for open requests.
  const streams: Service = {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(parts.sample?.endStreams()),
  };
  const sendRequest = async (): Promise<void> => {
    const { text, fields } = await requestOnce(started(parts.tunnel).url, started(parts.server).address);
    messages.print("info", `  ${messages.paint.green("✓")} ${printable(text)}`, { msg: text, ...fields });
  };
  await runServices({ services: [server, sample, tunnel, streams], ...(given.once ? { work: sendRequest } : {}) });
  return EXIT.done;
}

/** Returns a part that an earlier service has started. */
function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("the demo's services start out of order");
  return part;
}

function showDemo(messages: Messages, url: string, once: boolean): void {
  const { paint } = messages;
  const address = paint.bold(paint.cyan(printable(url)));
  const lines = once
    ? [`  ${address}`]
    : [
        "",
        `  ${paint.dim("In a browser   ")}  ${address}`,
        `  ${paint.dim("In a terminal  ")}  curl ${printable(url)}/hello`,
        "",
        wrapped(`  ${paint.dim(WHERE)}`, messages.columns, "  "),
        `  ${paint.dim("Press Ctrl-C to stop. Requests:")}`,
        "",
      ];
  messages.print("info", lines.join("\n"), { msg: `demo at ${url}`, public_url: url });
}
