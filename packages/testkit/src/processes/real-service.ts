import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "../network/certificate.js";
import { claimPort } from "./claimed-port.js";
import type { Defer } from "../cleanup.js";
import { exchange } from "../network/exchange.js";
import { Program } from "./program.js";
import { scratchFolder } from "../scratch-folder.js";
import { Wire } from "../network/wire.js";

export interface RunningService {
  port: number;
  program: Program;
}

/** A real nginx, one process, that serves `files` by name. */
export async function startNginx(defer: Defer, files: Record<string, string>): Promise<RunningService> {
  const port = await claimPort();
  const folder = folderOf(defer, files);
  const service = runNginx(defer, port, folder, `server { listen 127.0.0.1:${port}; root ${folder}; }`);
  await responding(service);
  return service;
}

/**
 * A real nginx that serves a folder, and compressed twins of its files.
 * @param accessLog a file for its lines in the combined format. Default: none
 */
export async function startFileServer(defer: Defer, folder: string, accessLog?: string): Promise<RunningService> {
  const port = await claimPort();
  const site = `
  types { text/html html; text/css css; text/javascript js; image/png png; }
  server { listen 127.0.0.1:${port}; root ${folder}; gzip_static on; gzip_vary on;
    ${accessLog === undefined ? "" : `access_log ${accessLog} combined;`} }`;
  const service = runNginx(defer, port, scratchFolder(defer), site);
  await service.program.waitFor("nginx to listen", async () => {
    const wire = await Wire.dial(defer, port);
    wire.socket.destroy();
    return true;
  });
  return service;
}

/**
 * A real nginx that terminates TLS and HTTP/2 in front of a Postern server on `port`, with a usual configuration: it
 * forwards the visitor's address and WebSockets, and buffers nothing. It listens on `listen`, which the server's public
 * URL needs in advance.
 */
export async function startTlsProxy(
  defer: Defer,
  listen: number,
  port: number,
  { certificate, key }: CertificateFiles,
): Promise<RunningService> {
  const site = `
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  upstream postern { server 127.0.0.1:${port}; keepalive 16; }
  server {
    listen 127.0.0.1:${listen} ssl http2;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    client_max_body_size 0;
    location / {
      proxy_pass http://postern;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_read_timeout 1h;
    }
  }`;
  const service = runNginx(defer, listen, scratchFolder(defer), site);
  await service.program.waitFor("nginx to listen", async () => {
    const wire = await Wire.dial(defer, listen);
    wire.socket.destroy();
    return true;
  });
  return service;
}

/** A real nginx that compresses the responses of an origin on `origin`, in the usual way of its documentation. */
export async function startCompressingProxy(defer: Defer, origin: number): Promise<RunningService> {
  const port = await claimPort();
  const site = `
  gzip on;
  gzip_comp_level 6;
  gzip_min_length 1024;
  gzip_proxied any;
  gzip_vary on;
  gzip_http_version 1.0;
  gzip_types text/plain text/css application/json application/problem+json image/svg+xml;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`;
  const service = runNginx(defer, port, scratchFolder(defer), site);
  await responding(service);
  return service;
}

function runNginx(defer: Defer, port: number, folder: string, site: string): RunningService {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (use) => `${use}_temp_path ${folder}/${use};`,
  );
  const configuration = `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
  default_type text/plain;
  ${site}
}
`;
  writeFileSync(join(folder, "nginx.conf"), configuration);
  const args = ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  return { port, program: new Program(defer, "nginx", { args, cwd: folder }) };
}

/**
 * Python's http.server with the same `files`: HTTP/1.0 closes the connection after each response, HTTP/1.1 keeps it.
 */
export async function startPythonServer(
  defer: Defer,
  files: Record<string, string>,
  protocol: "HTTP/1.0" | "HTTP/1.1" = "HTTP/1.0",
): Promise<RunningService> {
  const port = await claimPort();
  const folder = folderOf(defer, files);
  const options = ["--bind", "127.0.0.1", "--directory", folder, "--protocol", protocol];
  const service = {
    port,
    program: new Program(defer, "python3", { args: ["-m", "http.server", String(port), ...options] }),
  };
  await responding(service);
  return service;
}

function folderOf(defer: Defer, files: Record<string, string>): string {
  const folder = scratchFolder(defer);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function responding({ port, program }: RunningService): Promise<void> {
  await program.waitFor("its first response", async () => (await exchange(port, { host: "localhost" })).status > 0);
}
