import type { Row } from "../row.ts";
import { besideBulk } from "./beside-bulk.ts";
import { heads } from "./heads.ts";
import { idleSessions } from "./idle-sessions.ts";
import { longLink } from "./long-link.ts";
import { memory } from "./memory.ts";
import { requests } from "./requests.ts";
import { slowLink } from "./slow-link.ts";
import { start } from "./start.ts";
import { syscalls } from "./syscalls.ts";
import { transfer } from "./transfer.ts";

/** All rows, in the table's order. */
export const ROWS: Row[] = [
  requests(1, 0.3),
  requests(64, 0.75),
  requests(256, 0.75),
  requests(64, undefined, true),
  transfer("download"),
  transfer("upload"),
  transfer("download", true),
  besideBulk,
  slowLink,
  memory(1),
  memory(200),
  idleSessions,
  longLink,
  start,
  heads,
  syscalls,
];
