import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Origin, Published, scratchFolder, ServerProcess } from "@postern/testkit";

test("cors_origins of a server decides about CORS for all tunnels, in place of their services", async () => {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  const cors = 'cors_enabled = true\ncors_origins = ["https://app.example"]\n';
  writeFileSync(file, `[tunnel.server.security]\n${cors}`, { mode: 0o600 });
  const server = await ServerProcess.start(onTestFinished, { args: ["--config", file] });
  const origin = await Origin.start(onTestFinished, (_, outgoing) => {
    outgoing.setHeader("Access-Control-Allow-Origin", "*");
    outgoing.end("origin");
  });
  const published = await Published.start(onTestFinished, origin.port, { server });
  const ask = async (from: string, method: string): Promise<unknown[]> => {
    const { status, headers } = await published.visit("/", {
      method,
      headers: { origin: from, "access-control-request-method": "PUT" },
    });
    return [status, headers["access-control-allow-origin"]];
  };
  const before = origin.requests.length;
  expect(await ask("https://app.example", "OPTIONS")).toEqual([204, "https://app.example"]);
  expect(await ask("https://evil.example", "OPTIONS")).toEqual([204, undefined]);
  expect(origin.requests.length).toBe(before);
  expect(await ask("https://app.example", "GET")).toEqual([200, "https://app.example"]);
  expect(await ask("https://evil.example", "GET")).toEqual([200, undefined]);
});
