import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ClientCa, readCertificate } from "@postern/net";
import { scratchFolder } from "@postern/testkit";
import { certDevCommand } from "./cert.js";
import type { Output } from "../../terminal/output.js";

const said: string[] = [];
const output = { line: (text: string) => said.push(text) } as unknown as Output;
const terminal = { stdout: output, stderr: output, env: {} };

test("a CA and two certificates that can be used, whose keys are their owner's alone; a second call keeps the CA", async () => {
  const folder = join(scratchFolder(onTestFinished), "certs");
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const made = (name: string): ReturnType<typeof readCertificate> =>
    readCertificate({ certificate: text(`${name}.pem`), key: text(`${name}.key`) });

  expect(await certDevCommand({ folder, domain: "tunnel.test", client: "alice" }, terminal)).toBe(0);
  expect(made("server").names).toEqual(["tunnel.test", "*.tunnel.test", "localhost"]);
  for (const file of ["ca.key", "server.key", "client.key"]) expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
  expect(said.join("\n")).toContain('method = "certificate"');

  const authority = new X509Certificate(text("ca.pem"));
  const client = new X509Certificate(text("client.pem"));
  expect(client.verify(authority.publicKey)).toBe(true);
  expect(new ClientCa({ ca: text("ca.pem") }).accepts([client, authority])).toBe(true);
  expect(new X509Certificate(text("client.pem")).subject).toBe("CN=alice");

  const before = text("ca.pem");
  await certDevCommand({ folder, domain: "other.test", client: "bob" }, terminal);
  expect(text("ca.pem")).toBe(before);
  expect(made("server").names).toContain("other.test");
});
