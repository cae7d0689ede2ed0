import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ClientProcess,
  exchange,
  inheritedEnvironment,
  needs,
  Origin,
  postern,
  POSTERN_BIN,
  Program,
  scratchFolder,
  ServerProcess,
  SteadyVisitor,
  until,
  writeKeys,
} from "@postern/testkit";

const ANN = "key-of-ann-0123456789abcdef";
const BEN = "key-of-ben-0123456789abcdef";
const CAT = "key-of-cat-0123456789abcdef";

const answering = (text: string): Promise<Origin> => Origin.start(onTestFinished, (_, outgoing) => outgoing.end(text));

describe("the server reloads its keys", () => {
  for (const [how, hint] of [
    ["when the file changes", (): void => {}],
    ["on SIGHUP", (server: ServerProcess) => server.program.signal("SIGHUP")],
  ] as const) {
    test(`${how}: new keys are accepted, tunnels with removed keys end, and others are not affected`, async () => {
      const server = await ServerProcess.start(onTestFinished, { keys: { ann: ANN, ben: BEN } });
      const { port: target } = await answering("here");
      const ann = await ClientProcess.start(onTestFinished, { server, target, key: ANN, subdomain: "anns" });
      const ben = await ClientProcess.start(onTestFinished, { server, target, key: BEN, subdomain: "bens" });
      const steady = await SteadyVisitor.start(onTestFinished, server.port, ann.host);

      writeKeys(server.keysFile, { ann: ANN, cat: CAT });
      hint(server);
      await ben.program.ends(3);
      expect(ben.program.stderr).toContain("PN_AUTH_REFUSED");
      await ClientProcess.start(onTestFinished, { server, target, key: CAT, subdomain: "cats" });
      await steady.stopAndCheck();
      expect(ann.count("tunnel_established")).toBe(1);
      expect((await exchange(server.port, { host: ben.host })).status).not.toBe(200);
    });
  }

  test("while it stops: a removed key still ends its requests before the drain is over", async () => {
    const server = await ServerProcess.start(onTestFinished, { keys: { ann: ANN, ben: BEN }, args: ["--json"] });
    let arrived = false;
    const { port: target } = await Origin.start(onTestFinished, () => (arrived = true));
    const ben = await ClientProcess.start(onTestFinished, { server, target, key: BEN });
    const unanswered = exchange(server.port, { host: ben.host });
    await until("the request to arrive", () => arrived);

    server.program.signal("SIGTERM");
    await server.program.waitFor("the drain", () => server.program.stdout.includes('"draining"'));
    writeKeys(server.keysFile, { ann: ANN });
    server.program.signal("SIGHUP");
    expect((await unanswered).status).toBe(503);
    await server.program.ends(0);
    expect(server.program.stdout).toMatch(/"draining"[^]*"reloaded"[^]*"stopped"/);
  });

  test("an invalid file is reported and changes nothing", async () => {
    const server = await ServerProcess.start(onTestFinished, { keys: { ann: ANN }, args: ["--json"] });
    const { port: target } = await answering("here");
    const ann = await ClientProcess.start(onTestFinished, { server, target, key: ANN });
    for (const spoil of [() => writeFileSync(server.keysFile, "short\n"), () => chmodSync(server.keysFile, 0o666)]) {
      const before = server.program.stdout.split("configuration_refused").length;
      spoil();
      server.program.signal("SIGHUP");
      await server.program.waitFor(
        "the refusal",
        () => server.program.stdout.split("configuration_refused").length > before,
      );
    }
    expect((await exchange(server.port, { host: ann.host })).body.toString()).toBe("here");
    expect(ann.count("tunnel_established")).toBe(1);
    // A valid file is loaded afterwards.
    chmodSync(server.keysFile, 0o600);
    writeKeys(server.keysFile, { ann: ANN });
    server.program.signal("SIGHUP");
    await server.program.waitFor("the good file", () => server.program.stdout.includes('"reloaded"'));
    await server.program.terminate();
  });
});

describe("postern http reloads its configuration", () => {
  test("and reopens its tunnel only for changes, with the same name", async () => {
    const server = await ServerProcess.start(onTestFinished, { keys: { ann: ANN, ben: BEN } });
    const { port } = await answering("here");
    const folder = scratchFolder(onTestFinished);
    const key = writeKeys(join(folder, "key"), { ann: ANN });
    const client = postern(
      onTestFinished,
      ["http", String(port), "--server", server.url, "--api-key-file", key, "--json"],
      { cwd: folder },
    );
    const tunnels = (): string[] =>
      [...client.stdout.matchAll(/"tunnel_established".*?"public_url":"([^"]+)"/g)].map(([, url]) => url as string);
    await client.waitFor("its tunnel", () => tunnels().length === 1);
    const host = new URL(tunnels()[0] as string).host;
    const steady = await SteadyVisitor.start(onTestFinished, server.port, host);
    client.signal("SIGHUP");
    await client.waitFor("the answer", () => client.stdout.includes("no endpoint changed"));
    expect(tunnels()).toHaveLength(1);

    // With another key of the same owner, the name stays.
    writeFileSync(server.keysFile, `ann ${ANN}\nann ${CAT}\n`);
    await until("the new key to be accepted", async () => {
      const probe = ClientProcess.launch(onTestFinished, { server, target: port, key: CAT });
      await Promise.race([probe.event("tunnel_established").catch(() => {}), probe.program.exited]);
      await probe.program.kill();
      return probe.count("tunnel_established") === 1;
    });
    writeKeys(key, { ann: CAT });
    await client.waitFor("its second tunnel", () => tunnels().length === 2);
    expect(new URL(tunnels()[1] as string).host).toBe(host);
    await steady.stopAndCheck();
    await client.terminate();
  });
});

test("closing the terminal stops the command", async (context) => {
  needs(context, "python3");
  const server = await ServerProcess.start(onTestFinished, { keys: { ann: ANN } });
  const { port } = await answering("here");
  // A terminal that is closed when it shows the URL.
  const script = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"Public" not in seen: seen += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
  const args = ["-c", script, process.execPath, POSTERN_BIN, "http", String(port), "--server", server.url];
  const env = inheritedEnvironment({ POSTERN_API_KEY: ANN });
  const python = new Program(onTestFinished, "python3", { args, env });
  await python.ends(0);
  expect(python.stdout.trim()).toBe("0");
});
