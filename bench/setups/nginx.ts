import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Process } from "../process.ts";
import { freePort, type Stage } from "../stage.ts";
import type { Certificate } from "./certificate.ts";
import { listening } from "./listening.ts";
import type { Setup } from "./setup.ts";

export interface NginxOptions {
  netns?: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** The yardstick then uses HTTPS. */
  certificate?: Certificate | undefined;
}

/** nginx as a single-hop reverse proxy: the yardstick, and the same proxy with other buffer settings. */
export interface NginxSetups {
  yardstick: Setup;
  others: Setup[];
}

export async function startNginx(stage: Stage, origin: string, options: NginxOptions = {}): Promise<NginxSetups> {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const [listen, large, defaults, unbuffered] = ports.map((port) => `${options.host ?? "127.0.0.1"}:${port}`);
  const child = launch(stage, "proxy", options.netns, {
    ORIGIN: origin,
    LISTEN: options.certificate === undefined ? listen! : `${listen} ssl`,
    TLS: options.certificate === undefined ? "" : tlsLines(options.certificate),
    LISTEN_LARGE: large!,
    LISTEN_DEFAULTS: defaults!,
    LISTEN_UNBUFFERED: unbuffered!,
  });
  await listening(child, ports[0]!);
  const setup = (name: string, address: string): Setup => ({ name, address, host: address, processes: [child] });
  return {
    yardstick: { ...setup("nginx", listen!), secure: options.certificate !== undefined },
    others: [
      setup("nginx with 64 KB buffers", large!),
      setup("nginx with its defaults", defaults!),
      setup("nginx unbuffered", unbuffered!),
    ],
  };
}

/** The TLS versions that Postern allows by default, and the cipher suite that it prefers. */
export function tlsLines({ certificate, key }: Certificate): string {
  const files = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  return `${files} ssl_protocols TLSv1.2 TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;`;
}

/** Starts nginx with one of the templates in bench/nginx. */
export function launch(
  stage: Stage,
  template: string,
  netns: string | undefined,
  values: Record<string, string>,
): Process {
  const dir = stage.folder(`nginx-${template}`);
  const all: Record<string, string> = { DIR: dir, USER: userInfo().username, ...values };
  const text = readFileSync(new URL(`../nginx/${template}.conf`, import.meta.url), "utf8").replace(
    /\$\{([A-Z_]+)\}/g,
    (_, name: string) => all[name] ?? unknownName(template, name),
  );
  const file = join(dir, "nginx.conf");
  writeFileSync(file, text);
  return stage.start(`nginx-${template}`, "nginx", ["-p", dir, "-e", join(dir, "error.log"), "-c", file], { netns });
}

function unknownName(template: string, name: string): never {
  throw new Error(`bench/nginx/${template}.conf uses ${name}, which has no value`);
}
