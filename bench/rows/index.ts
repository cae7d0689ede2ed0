import type { Row } from "../row.ts";
import { accessLog } from "./access-log.ts";
import { besideBulk } from "./beside-bulk.ts";
import { choices } from "./choices.ts";
import { compression } from "./compression.ts";
import { files } from "./files.ts";
import { gatewayRoutes } from "./gateway-routes.ts";
import { heads } from "./heads.ts";
import { idleBeside } from "./idle-beside.ts";
import { idleProcesses } from "./idle-processes.ts";
import { idleSessions } from "./idle-sessions.ts";
import { gatewayIdleVisitors, idleVisitors } from "./idle-visitors.ts";
import { longLink } from "./long-link.ts";
import { memory } from "./memory.ts";
import { requests } from "./requests.ts";
import { routes } from "./routes.ts";
import { slowLink } from "./slow-link.ts";
import { slowTarget } from "./slow-target.ts";
import { steps } from "./steps.ts";
import { start } from "./start.ts";
import { syscalls } from "./syscalls.ts";
import { transfer } from "./transfer.ts";
import { transform } from "./transform.ts";

/** All rows, in the table's order. */
export const ROWS: Row[] = [
  requests({ connections: 1, bars: { rate: 0.55, p99: 2 } }),
  requests({ connections: 64, bars: { rate: 0.72, cpu: 1.7, p99: 2 } }),
  requests({ connections: 256, bars: { rate: 0.72, p99: 2 } }),
  requests({ connections: 1, newConnections: true, bars: { rate: 0.5, p99: 3 } }),
  requests({ connections: 64, newConnections: true, bars: { rate: 0.5, p99: 3 } }),
  requests({ connections: 64, secure: true, bars: { rate: 0.62 } }),
  idleBeside,
  transfer("download", 0.95),
  transfer("upload", 0.85),
  transfer("download", 0.65, "tls"),
  besideBulk,
  slowLink,
  memory(1, 32e6),
  memory(200, 48e6),
  idleSessions,
  idleVisitors,
  idleProcesses,
  longLink,
  requests({ connections: 64, gateway: true, bars: { rate: 0.7, cpu: 1.6, p99: 1.5 } }),
  requests({ connections: 256, gateway: true, bars: { rate: 0.7, cpu: 1.6, p99: 1.5 } }),
  transfer("download", 0.9, "gateway"),
  transfer("upload", 0.9, "gateway"),
  transform,
  gatewayRoutes,
  slowTarget,
  gatewayIdleVisitors,
  ...files,
  compression,
  start,
  heads,
  routes,
  choices,
  steps,
  accessLog,
  syscalls,
];
