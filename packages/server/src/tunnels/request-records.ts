import type { RequestRecord, Session } from "@postern/protocol";
import type { Tunnel } from "./tunnel.js";

/** The log of requests. */
export interface RequestLines {
  writeRequest(level: "info" | "warn", fields: object, message: string): void;
}

/** Bytes of records in one control message, whose limit is 16 KiB. */
const MAX_BYTES = 12 * 1024;

/**
 * Logs the tunnel's requests since the last call, and sends their records to its client.
 * @param most the number of requests that are listed; the rest remains for the next call. Default: all
 */
export function sendRequestRecords(session: Session, tunnel: Tunnel, log: RequestLines, most?: number): void {
  const { listed, omitted, totals } = tunnel.requests.take(most);
  for (const { record, visitor } of listed)
    log.writeRequest("info", { name: tunnel.name, ...record, ...visitor }, "request");
  if (omitted > 0) log.writeRequest("info", { name: tunnel.name, omitted }, "requests omitted");
  // Once for each kind: a service sends the same flaw with every response.
  for (const repair of tunnel.repairs.takeNew())
    log.writeRequest("warn", { name: tunnel.name, repair }, "response repaired");

  let batch: RequestRecord[] = [];
  let bytes = 0;
  for (const { record } of listed) {
    const size = Buffer.byteLength(JSON.stringify(record));
    if (bytes + size > MAX_BYTES) {
      session.control({ type: "requests", tunnel: tunnel.number, records: batch, omitted: 0 });
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length === 0 && omitted === 0) return;
  const rest = totals === undefined ? {} : { totals };
  session.control({ type: "requests", tunnel: tunnel.number, records: batch, omitted, ...rest });
}
