/**
 * Opens `count` sessions with a tunnel each, `together` at a time, and keeps them open until the process ends. Reports
 * { open }.
 */
import { connect } from "@postern/client";
import { holdOpen, type Crowd } from "./hold-open.ts";
import { settings } from "./settings.ts";

const { server, local, ...crowd } = settings<Crowd & { server: string; local: string }>();
const apiKey = process.env["POSTERN_API_KEY"] ?? "";

await holdOpen(crowd, () => connect({ server, apiKey, local }));
