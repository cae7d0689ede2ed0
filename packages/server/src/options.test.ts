import { pino } from "pino";
import { expect, test } from "vitest";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "@postern/gateway";
import { gatewayLimits, type ServerOptions } from "./options.js";

const log = pino({ level: "silent" });
const { headSize } = DEFAULT_GATEWAY_LIMITS;

test("without options, the gateway has its own limits", () => {
  expect(gatewayLimits({ log })).toEqual(DEFAULT_GATEWAY_LIMITS);
});

test.each<[Partial<ServerOptions>, Partial<GatewayLimits>]>([
  [{ headBytes: 7 }, { headSize: { ...headSize, bytes: 7 } }],
  [{ headFields: 7 }, { headSize: { ...headSize, fields: 7 } }],
  [{ headTimeout: 7 }, { head: 7 }],
  [{ bodyTimeout: 7 }, { bodyGrace: 7 }],
  [{ minBodyRate: 7 }, { bodyRate: 7 }],
  [{ stallTimeout: 7 }, { stall: 7 }],
  [{ idleTimeout: 7 }, { idle: 7 }],
  [{ requestTimeout: 7 }, { answer: 7 }],
  [{ maxRequestSize: 7 }, { body: 7 }],
  [{ replayBody: 0 }, { replay: 0 }],
  [{ interimResponses: 0 }, { interim: 0 }],
])("%o changes one limit", (options, changed) => {
  expect(gatewayLimits({ log, ...options })).toEqual({ ...DEFAULT_GATEWAY_LIMITS, ...changed });
});
