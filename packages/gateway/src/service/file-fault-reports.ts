import type { FileFault } from "../files/index.js";
import type { GatewayServiceOptions } from "./service-options.js";

/** Faults of one folder that are reported: one in this many milliseconds. */
const REPORT_INTERVAL = 10_000;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk reports an error",
  EMFILE: "this process has too many open files. Raise its limit (LimitNOFILE, ulimit -n)",
  ENFILE: "this machine has too many open files",
};

/** Returns a function that reports faults of a folder to its owner: at most one in REPORT_INTERVAL, with the count. */
export function fileFaultReports(
  target: string,
  onFailure: GatewayServiceOptions["onTargetFailure"],
  now: () => number = () => performance.now(),
): (fault: FileFault) => void {
  let count = 0;
  let reportedAt = -Infinity;
  return ({ path, code }) => {
    count++;
    if (onFailure === undefined || now() - reportedAt < REPORT_INTERVAL) return;
    onFailure({ target, reason: `${path} cannot be read: ${REASONS[code] ?? code}`, count });
    [reportedAt, count] = [now(), 0];
  };
}
