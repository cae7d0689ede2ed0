import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DevCertificate } from "./dev-certificates.js";
import { CliError, EXIT } from "../../errors.js";
import { readSettings } from "../../settings/configuration.js";
import { makeFolder } from "../../settings/make-folder.js";
import { quoted } from "../../settings/owned-file.js";
import { printable } from "../../terminal/printable.js";
import type { Terminal } from "../../terminal/terminal.js";

export interface CertDevOptions {
  folder: string;
  /** The base domain of the server. */
  domain: string;
  /** The user that the client certificate logs in. */
  client: string;
  /** The configuration file that --config names. */
  config?: string | undefined;
}

/** `postern cert dev`: makes a CA, and a server and a client certificate that it signs. Returns the exit code. */
export async function run({ folder, domain, client, config }: CertDevOptions, terminal: Terminal): Promise<number> {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(domain))
    throw new CliError(
      "PN_CONFIG_INVALID",
      `--domain must be a host name without scheme or port, for instance "tunnel.localhost". Given: ${JSON.stringify(domain)}.`,
    );
  const { createDevCa, issueClientCertificate, issueServerCertificate } = await import("./dev-certificates.js");
  try {
    makeFolder(folder);
    const existing = existingCa(folder);
    const ca = existing ?? (await createDevCa());
    if (existing === undefined) write(folder, "ca", ca);
    const names = [...new Set([domain, `*.${domain}`, "localhost", "127.0.0.1", "::1"])];
    write(folder, "server", await issueServerCertificate(ca, names));
    write(folder, "client", await issueClientCertificate(ca, client));
    const ports = await securePorts(config, terminal.env);
    terminal.stdout.line(nextSteps(folder, domain, ports, existing !== undefined));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      "PN_FILE_UNREADABLE",
      `Certificates cannot be written to ${folder}: ${(error as Error).message}.`,
    );
  }
  return EXIT.done;
}

/** The CA of an earlier run. Keeping it lets machines that trust it accept the new certificates. */
function existingCa(folder: string): DevCertificate | undefined {
  const [certificate, key] = [join(folder, "ca.pem"), join(folder, "ca.key")];
  if (!existsSync(certificate) || !existsSync(key)) return undefined;
  return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}

/** Renames complete files into place. Keys are created unreadable for other users. */
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

/** Ports for HTTPS. */
interface SecurePorts {
  server: string;
  gateway: string;
}

/** The ports in the configuration; the defaults if the file has mistakes, which do not matter here. */
async function securePorts(config: string | undefined, env: NodeJS.ProcessEnv): Promise<SecurePorts> {
  const settings = await readSettings({ config, env, flags: {} }).catch(() => undefined);
  const { tunnel, server } = settings?.loaded.values ?? {};
  const { listen, public_https_port: port } = tunnel?.server ?? { listen: ":8080" };
  return {
    server: String(port ?? listen.slice(listen.lastIndexOf(":") + 1)),
    gateway: String(server?.ssl.https_port ?? 8443),
  };
}

function nextSteps(folder: string, domain: string, ports: SecurePorts, keptCa: boolean): string {
  const path = (file: string): string => JSON.stringify(join(folder, file));
  const curl = (port: string): string =>
    `curl --cacert ${quoted(join(folder, "ca.pem"))} https://${domain}${port === "443" ? "" : `:${port}`}`;
  return printableLines([
    keptCa
      ? `Kept the CA in ${folder}, and wrote new server and client certificates, valid for 90 days.`
      : `Wrote a CA, a server certificate and a client certificate to ${folder}. The certificates are valid for 90 days.`,
    "Keep ca.key private: with it, anyone can impersonate any server to machines that trust ca.pem.",
    "",
    "Add to the server's postern.toml:",
    "  [tunnel.server]",
    `  base_domain = ${JSON.stringify(domain)}`,
    "  [tunnel.server.ssl]",
    "  enabled = true",
    `  cert_file = ${path("server.pem")}`,
    `  key_file = ${path("server.key")}`,
    "  [tunnel.server.auth.certificate]",
    `  ca_file = ${path("ca.pem")}`,
    "",
    "Add to the client's postern.toml:",
    "  [tunnel.ssl]",
    `  ca_file = ${path("ca.pem")}`,
    "  [tunnel.auth]",
    '  method = "certificate"',
    `  cert_file = ${path("client.pem")}`,
    `  key_file = ${path("client.key")}`,
    "",
    `Start the server, then try it: ${curl(ports.server)}/health`,
    "",
    "For a gateway (postern serve), add to its postern.toml:",
    "  [server.ssl]",
    `  cert_file = ${path("server.pem")}`,
    `  key_file = ${path("server.key")}`,
    "",
    `Start the gateway, then try it: ${curl(ports.gateway)}/`,
  ]);
}

function printableLines(lines: string[]): string {
  return lines.map(printable).join("\n");
}
