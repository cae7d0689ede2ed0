import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimPort, exchange, Program, scratchFolder, type Defer } from "@postern/testkit";

/**
 * A server that responds to every request without a body, and reports in the field X-Seen how it read the request:
 * `method|target|host|length`.
 */
export interface RealServer {
  name: ServerName;
  port: number;
  /** Whether it reports the length of the body. */
  countsBodies: boolean;
  /** Whether it reads chunked bodies. */
  readsChunks: boolean;
  /** How the server changes a path deliberately, after reading it. */
  normalized: (target: string) => string;
}

export const SERVER_NAMES = ["nginx", "apache", "haproxy", "python", "node"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export async function startServer(name: ServerName, defer: Defer): Promise<RealServer> {
  if (name === "node") return startNode(defer);
  const folder = scratchFolder(defer);
  const port = await claimPort();
  const { command, args, countsBodies, readsChunks } = START[name](folder, port);
  const program = new Program(defer, command, { args, cwd: folder });
  await program.waitFor("its first answer", async () => (await exchange(port, { host: "a" })).headers["x-seen"]);
  // Python's http.server reduces several slashes at the start to one, to avoid redirects to another host.
  const normalized = (target: string): string => (name === "python" ? target.replace(/^\/+/, "/") : target);
  return { name, port, countsBodies, readsChunks, normalized };
}

interface Start {
  command: string;
  args: string[];
  countsBodies: boolean;
  readsChunks: boolean;
}

const START: Record<Exclude<ServerName, "node">, (folder: string, port: number) => Start> = {
  nginx: (folder, port) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `${use}_temp_path ${folder};`);
    const file = write(
      folder,
      "nginx.conf",
      `daemon off; master_process off; pid ${folder}/nginx.pid; error_log /dev/null;
events {}
http {
  access_log off; server_tokens off; ${temporary.join(" ")}
  keepalive_requests 1000000; client_max_body_size 0; large_client_header_buffers 8 32k; ignore_invalid_headers off;
  server {
    listen 127.0.0.1:${port};
    location / { add_header X-Seen "$request_method|$request_uri|$http_host|-"; return 204; }
  }
}
`,
    );
    return {
      command: "nginx",
      args: ["-p", folder, "-e", "/dev/null", "-c", file],
      countsBodies: false,
      readsChunks: true,
    };
  },

  apache: (folder, port) => {
    write(
      folder,
      "seen.lua",
      `function handle(r)
  r.headers_out["X-Seen"] = r.method .. "|" .. r.unparsed_uri .. "|" .. (r.headers_in["Host"] or "") .. "|-"
  r.headers_out["Content-Length"] = "0"
  return apache2.OK
end
`,
    );
    const modules = ["mpm_event", "authz_core", "lua"].map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    );
    const file = write(
      folder,
      "apache.conf",
      `ServerRoot ${folder}
ServerName a
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
${modules.join("\n")}
KeepAlive On
MaxKeepAliveRequests 0
LimitRequestLine 20000
LimitRequestFieldSize 20000
LimitRequestFields 200
AllowEncodedSlashes NoDecode
<Location />
  Require all granted
</Location>
LuaMapHandler .* ${folder}/seen.lua handle
`,
    );
    return { command: "apache2", args: ["-X", "-f", file], countsBodies: false, readsChunks: true };
  },

  haproxy: (folder, port) => {
    const file = write(
      folder,
      "haproxy.cfg",
      `global
  tune.bufsize 65536
  tune.http.maxhdr 300
defaults
  mode http
  timeout client 30s
  timeout http-keep-alive 30s
  option http-buffer-request
frontend seen
  bind 127.0.0.1:${port}
  http-request wait-for-body time 2s
  http-request return status 200 hdr X-Seen "%[method]|%[url]|%[req.hdr(host)]|%[req.body_len]"
`,
    );
    return { command: "haproxy", args: ["-db", "-f", file], countsBodies: true, readsChunks: true };
  },

  python: (folder, port) => {
    const file = write(
      folder,
      "seen.py",
      `from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Seen(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def seen(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("X-Seen", "%s|%s|%s|%d" % (self.command, self.path, self.headers.get("Host", ""), len(body)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.seen
        raise AttributeError(name)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", ${port}), Seen).serve_forever()
`,
    );
    return { command: "python3", args: [file], countsBodies: true, readsChunks: false };
  },
};

async function startNode(defer: Defer): Promise<RealServer> {
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    let length = 0;
    request.on("data", (chunk: Buffer) => (length += chunk.length));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.writeHead(200, { "X-Seen": `${method}|${url}|${headers.host ?? ""}|${length}`, "Content-Length": 0 });
      response.end();
    });
  });
  server.maxRequestsPerSocket = 0;
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { name: "node", port, countsBodies: true, readsChunks: true, normalized: (target) => target };
}

function write(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
