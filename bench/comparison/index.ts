import type { Row } from "../row.ts";
import { compareGateway } from "./gateway.ts";
import { compareRequests } from "./requests.ts";
import { compareSyscalls } from "./syscalls.ts";
import { compareTransfer } from "./transfer.ts";

/** The rows that `--against` runs instead of the usual ones. */
export function comparisonRows(against: string): Row[] {
  return [
    compareRequests(1, against),
    compareRequests(64, against),
    compareRequests(256, against),
    compareGateway(against),
    compareTransfer("download", against),
    compareTransfer("upload", against),
    compareSyscalls(against),
  ];
}
