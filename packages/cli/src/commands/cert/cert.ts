import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DevCertificate } from "./dev-certificates.js";
import { CliError, EXIT } from "../../errors.js";
import { quoted } from "../../settings/owned-file.js";
import { printable } from "../../terminal/printable.js";
import type { Terminal } from "../../terminal/terminal.js";

export interface CertDevOptions {
  folder: string;
  /** The base domain of the server. */
  domain: string;
  /** Who logs in with the client's certificate. */
  client: string;
}

/** `postern cert dev`: a CA of one's own and certificates of it, for trying things out. Returns the exit code. */
export async function certDevCommand({ folder, domain, client }: CertDevOptions, terminal: Terminal): Promise<number> {
  const { createDevAuthority, issueClientCertificate, issueServerCertificate } = await import("./dev-certificates.js");
  try {
    mkdirSync(folder, { recursive: true });
    const former = formerAuthority(folder);
    const authority = former ?? (await createDevAuthority());
    if (former === undefined) write(folder, "ca", authority);
    const names = [...new Set([domain, `*.${domain}`, "localhost", "127.0.0.1", "::1"])];
    write(folder, "server", await issueServerCertificate(authority, names));
    write(folder, "client", await issueClientCertificate(authority, client));
    terminal.stdout.line(nextSteps(folder, domain, former !== undefined));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError("PN_FILE_UNREADABLE", `Nothing can be made in ${folder}: ${(error as Error).message}.`);
  }
  return EXIT.done;
}

/** Whoever trusts the first CA trusts the certificates of a second call, too. */
function formerAuthority(folder: string): DevCertificate | undefined {
  const [certificate, key] = [join(folder, "ca.pem"), join(folder, "ca.key")];
  if (!existsSync(certificate) || !existsSync(key)) return undefined;
  return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}

/** Never half a file, and a key is its owner's alone from the beginning on. */
function write(folder: string, name: string, { certificate, key }: DevCertificate): void {
  for (const [file, text, mode] of [
    [`${name}.key`, key, 0o600],
    [`${name}.pem`, certificate, 0o644],
  ] as const) {
    const beside = join(folder, `.${file}.${process.pid}.new`);
    writeFileSync(beside, text, { mode, flag: "wx" });
    renameSync(beside, join(folder, file));
  }
}

function nextSteps(folder: string, domain: string, again: boolean): string {
  const path = (file: string): string => JSON.stringify(join(folder, file));
  return printableLines([
    `${again ? "The CA was there already; made anew" : "Made"} in ${folder}: ${again ? "" : "a CA, "}a server's and a client's certificate, for 90 days.`,
    "Keep ca.key to yourself: who has it can pretend to be any server to those who trust ca.pem.",
    "",
    "The server, in its postern.toml:",
    "  [tunnel.server]",
    `  base_domain = ${JSON.stringify(domain)}`,
    "  [tunnel.server.ssl]",
    "  enabled = true",
    `  cert_file = ${path("server.pem")}`,
    `  key_file = ${path("server.key")}`,
    "  [tunnel.server.auth.certificate]",
    `  ca_file = ${path("ca.pem")}`,
    "",
    "The client, in its own:",
    "  [tunnel.ssl]",
    `  ca_file = ${path("ca.pem")}`,
    "  [tunnel.auth]",
    '  method = "certificate"',
    `  cert_file = ${path("client.pem")}`,
    `  key_file = ${path("client.key")}`,
    "",
    `Look with curl: curl --cacert ${quoted(join(folder, "ca.pem"))} https://${domain}:8080/health`,
  ]);
}

function printableLines(lines: string[]): string {
  return lines.map(printable).join("\n");
}
