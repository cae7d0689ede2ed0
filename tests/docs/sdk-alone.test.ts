import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import {
  exchange,
  inheritedEnvironment,
  Program,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  TEST_KEY,
} from "@postern/testkit";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs npm with the Node that runs the tests. Returns its output. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const program = new Program(onTestFinished, "npm", { args, cwd, env: inheritedEnvironment({ PATH: path }) });
  await program.ends(0, 90_000);
  return program.stdout;
}

const USER = `
import { connect, type TunnelEvent, type TunnelHandle } from "@postern/client";

const events: TunnelEvent["type"][] = [];
const tunnel: TunnelHandle = await connect({
  server: process.env["SERVER"] ?? "",
  apiKey: process.env["KEY"] ?? "",
  local: Number(process.env["LOCAL"]),
  subdomain: "embedded",
  onEvent: (event) => events.push(event.type),
});
tunnel.on("event", ({ type }) => {
  if (type !== "http_request") return;
  void tunnel.close().then(() => tunnel.close()).then(() => console.log(JSON.stringify({ events, state: tunnel.state })));
});
console.log(JSON.stringify({ url: tunnel.status().public_url, state: tunnel.status().state }));
`;

test(
  "the packed SDK, installed alone, has types, publishes a service, and installs no code of the server",
  { timeout: 120_000 },
  async () => {
    const folder = scratchFolder(onTestFinished);
    const packed = ["protocol", "net", "client"].map((name) => ["-w", `packages/${name}`]).flat();
    await npm(ROOT, "pack", ...packed, "--pack-destination", folder, "--silent");
    const tarballs = readdirSync(folder).map((name) => join(folder, name));
    expect(tarballs).toHaveLength(3);
    writeFileSync(join(folder, "package.json"), '{ "name": "user", "private": true, "type": "module" }\n');
    await npm(folder, "install", "--no-audit", "--no-fund", ...tarballs);

    const installed = readdirSync(join(folder, "node_modules"), { recursive: true })
      .map(String)
      .filter((path) => path.endsWith("package.json"))
      .map(dirname);
    expect(installed.toSorted()).toEqual(["@postern/client", "@postern/net", "@postern/protocol"]);

    writeFileSync(join(folder, "user.ts"), USER);
    const options = "--noEmit --strict --target es2024 --module nodenext --skipLibCheck --types node".split(" ");
    const types = ["--typeRoots", join(ROOT, "node_modules/@types")];
    const check = new Program(onTestFinished, process.execPath, {
      args: [join(ROOT, "node_modules/typescript/bin/tsc"), ...options, ...types, "user.ts"],
      cwd: folder,
    });
    await check.ends(0);

    const server = await ServerProcess.start(onTestFinished);
    const origin = await startEchoOrigin(onTestFinished);
    const env = { SERVER: server.url, KEY: TEST_KEY, LOCAL: String(origin.port) };
    const user = new Program(onTestFinished, process.execPath, {
      args: ["user.ts"],
      cwd: folder,
      env: inheritedEnvironment(env),
    });
    const url = `http://embedded.localhost:${server.port}`;
    await user.waitFor("the tunnel", () => user.stdout.includes("\n"));
    expect(JSON.parse(user.stdout)).toEqual({ url, state: "connected" });
    const { status, body } = await exchange(server.port, { host: new URL(url).host, path: "/from-sdk" });
    expect([status, JSON.parse(body.toString())]).toEqual([200, expect.objectContaining({ url: "/from-sdk" })]);
    await user.ends(0);
    const last = JSON.parse(user.stdout.trim().split("\n").at(-1) ?? "") as { events: string[]; state: string };
    expect(last.state).toBe("disconnected");
    expect(last.events).toEqual(
      expect.arrayContaining(["connection_attempt", "authentication_success", "tunnel_established", "http_request"]),
    );
  },
);
