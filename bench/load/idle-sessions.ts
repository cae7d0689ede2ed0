/**
 * Opens `count` sessions with a tunnel each, `together` at a time, and keeps them open until the process ends. Reports
 * { open }.
 */
import { connect } from "@postern/client";
import { report, settings } from "./settings.ts";

const { server, local, count, together } = settings<{
  server: string;
  local: string;
  count: number;
  together: number;
}>();
const apiKey = process.env["POSTERN_API_KEY"] ?? "";

let next = 0;
await Promise.all(Array.from({ length: together }, openSome));
report({ open: count });

async function openSome(): Promise<void> {
  while (next < count) {
    next++;
    await connect({ server, apiKey, local });
  }
}
