import type { StatusEvent } from "@postern/client";
import { dialThrough } from "@postern/client/command";
import type { WebhookReport } from "@postern/client/status";
import { boundedJson } from "../terminal/bounded-json.js";
import type { Settings } from "../settings/configuration.js";
import { LogFiles } from "../reporting/log-files.js";
import { proxyChoice } from "../settings/proxy-choice.js";
import { eventFileOptions } from "./event-file.js";
import { StatusWebhook } from "./status-webhook.js";

/** A destination of all events. */
export interface EventExport {
  add(event: StatusEvent): void;
  close(): Promise<void>;
}

export interface Exports {
  all: EventExport[];
  /** Deliveries to the webhook; undefined without one. */
  webhook: WebhookReport | undefined;
}

/**
 * Opens the event log and the webhook of `[tunnel.monitoring]`. Throws PN_LOG_UNWRITABLE and PN_CONFIG_INVALID.
 * @param warn called with a message when events cannot be written or delivered.
 */
export async function openExports(
  settings: Settings,
  version: string,
  warn: (message: string) => void,
): Promise<Exports> {
  const { status_webhook: url } = settings.loaded.values.tunnel.monitoring;
  const file = eventFile(settings, warn);
  const webhook = url === undefined ? undefined : await openWebhook(settings, version, warn);
  return { all: [file, webhook].filter((each) => each !== undefined), webhook: webhook?.report };
}

function eventFile(settings: Settings, warn: (message: string) => void): EventExport | undefined {
  const options = eventFileOptions(settings, warn);
  if (options === undefined) return undefined;
  const files = new LogFiles(options);
  if (files.warning !== undefined) warn(files.warning);
  return { add: (event) => files.line(boundedJson({ ...event })), close: () => files.close() };
}

async function openWebhook(
  settings: Settings,
  version: string,
  warn: (message: string) => void,
): Promise<StatusWebhook> {
  const { monitoring, proxy: configured } = settings.loaded.values.tunnel;
  const { status_webhook, webhook_secret: secret, webhook_allow_private: allowPrivate } = monitoring;
  const { isLoopbackHost, outboundRequest } = await import("@postern/net");
  const url = new URL(status_webhook as string);
  // A loopback address would refer to the proxy's machine, so no proxy is used for it.
  const { proxy } = isLoopbackHost(url.hostname) ? {} : proxyChoice(configured, settings.env)(url.href);
  const through = proxy === undefined ? undefined : (signal: AbortSignal) => dialThrough(proxy, url, signal);
  return new StatusWebhook({
    version,
    secret,
    onFailure: warn,
    async post(body, headers) {
      const allow = { allowPrivate, allowOption: "webhook_allow_private" };
      const { status } = await outboundRequest({ url, method: "POST", headers, body, through, ...allow });
      return status;
    },
  });
}
