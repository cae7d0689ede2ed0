import { randomBytes } from "node:crypto";
import { connect, type TunnelEvent, type TunnelHandle } from "@postern/client";
import { startServer, type Server } from "@postern/server";
import { requestOnce } from "../demo/once.js";
import { startDemoService, type DemoService } from "../demo/service.js";
import { EXIT } from "../errors.js";
import { CONFIGURATION, ConfigError, resolve } from "@postern/config";
import { consoleSink, createLog } from "../reporting/log.js";
import { logMessages, peopleOutput, textMessages, type Messages } from "../reporting/messages.js";
import type { CommandLine } from "../settings/options.js";
import { paintFor } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";
import { listenForStop } from "../running/stop-request.js";
import { eventPrinter, type Terminal } from "../terminal/terminal.js";
import { TunnelView } from "../reporting/tunnel-view.js";

/** `postern demo`: server, sample service and client in this one process, on loopback. Returns the exit code. */
export async function demoCommand(given: CommandLine & { once: boolean }, terminal: Terminal): Promise<number> {
  // No file: it shows the same everywhere.
  const { values, problems } = resolve(CONFIGURATION.entries.logging, { env: terminal.env, flags: given.flags }, [
    "logging",
  ]);
  if (problems.length > 0) throw new ConfigError(problems);
  const { level, format } = values;
  const output = peopleOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const messages =
    format === "text"
      ? textMessages(output, paint, level)
      : logMessages(createLog({ level, sinks: [consoleSink(output, format, paint, true)] }), paint);
  const print = given.json ? eventPrinter(terminal.stdout, "demo") : undefined;
  const key = randomBytes(24).toString("base64url");
  const stop = listenForStop();
  const parts: Partial<{ server: Server; service: DemoService; tunnel: TunnelHandle }> = {};
  try {
    const server = await startServer({
      listen: "127.0.0.1:0",
      domain: "localhost",
      apiKeys: [{ owner: "demo", key }],
      // The requests are told by the client's view; of the server only trouble is worth a line.
      log: createLog({
        level: level === "info" ? "warn" : level,
        sinks: [consoleSink(terminal.stderr, format, paint, level === "debug")],
      }),
    });
    parts.server = server;
    const service = await startDemoService(server.address);
    parts.service = service;

    const view = new TunnelView(messages, (url) => showDemo(messages, url, given.once));
    const tunnel = await connect({
      server: server.url,
      apiKey: key,
      local: `127.0.0.1:${service.port}`,
      name: "demo",
      onEvent(event: TunnelEvent) {
        print?.({ ...event });
        view.show(event);
      },
    });
    parts.tunnel = tunnel;

    if (given.once) {
      const { text, fields } = await requestOnce(tunnel.url, server.address);
      messages.say("info", `  ${messages.paint.green("✓")} ${printable(text)}`, { msg: text, ...fields });
      return EXIT.done;
    }
    const closed = new Promise<void>((resolve, reject) => {
      tunnel.on("closed", (error) => (error === undefined ? resolve() : reject(error)));
    });
    await Promise.race([closed, stop.received]);
    return EXIT.done;
  } finally {
    // From the inside out, so that what is in progress can end: clocks and echoes first, since they never would.
    parts.service?.endStreams();
    await parts.tunnel?.close();
    await parts.server?.stop();
    await parts.service?.close();
    stop.dispose();
  }
}

function showDemo(messages: Messages, url: string, once: boolean): void {
  const { paint } = messages;
  const address = paint.bold(paint.cyan(printable(url)));
  const lines = once
    ? [`  ${address}`]
    : [
        "",
        `  ${paint.dim("Open it   ")}  ${address}`,
        `  ${paint.dim("Or ask it ")}  curl ${printable(url)}/hello`,
        "",
        `  ${paint.dim("Server, client and a small service run in this process; nothing leaves this machine.")}`,
        `  ${paint.dim("Ctrl-C ends it. Requests:")}`,
        "",
      ];
  messages.say("info", lines.join("\n"), { msg: `demo at ${url}`, public_url: url });
}
