import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  exchange,
  needs,
  Origin,
  StartProcess,
  until,
  Wire,
  type CertificateFiles,
  type Defer,
} from "@postern/testkit";

const run = promisify(execFile);
const cleanup = new Cleanup();
const servers = new CertificateAuthority(cleanup.defer, "servers");
const staff = new CertificateAuthority(cleanup.defer, "staff");
const partners = new CertificateAuthority(cleanup.defer, "partners");
const SERVE = ["serve", "--listen", "127.0.0.1:0"];
const MISSING = "403 PN_ACCESS_CERTIFICATE_MISSING";
const INVALID = "403 PN_ACCESS_CERTIFICATE_INVALID";

let origin: Origin;
let presented: CertificateFiles;

beforeEach(({ skip }) => needs({ skip }, "openssl"));
beforeAll(async () => {
  origin = await Origin.start(
    cleanup.defer,
    (incoming, outgoing) => void incoming.resume().on("end", () => outgoing.end("origin")),
  );
  presented = servers.issue({ names: ["a.test", "b.test", "p.test", "*.w.test"] });
});
afterAll(() => cleanup.run());

interface Gateway {
  process: StartProcess;
  plain: number;
  secure: number;
}

/** A gateway with HTTPS and these routes. Routes name its files without a path. */
async function gateway(routes: string, files: Record<string, string>, defer: Defer = onTestFinished): Promise<Gateway> {
  const secure = await claimPort();
  const text = `[server.ssl]
enabled = true
https_port = ${secure}
cert_file = "${presented.certificate}"
key_file = "${presented.key}"
redirect.enabled = false
${routes.replaceAll("ORIGIN", `http://127.0.0.1:${origin.port}`)}`;
  const process = StartProcess.launch(defer, text, {}, SERVE, {
    prepare: (folder) => {
      for (const [name, path] of Object.entries(files)) copyFileSync(path, join(folder, name));
    },
  });
  return { process, plain: await process.gatewayPort(), secure };
}

interface Tls {
  wire: Wire;
  socket: TLSSocket;
  sessions: Buffer[];
}

/** A TLS connection with this server name, and perhaps a certificate. */
async function shake(
  port: number,
  servername: string | undefined,
  certificate?: CertificateFiles,
  more: ConnectionOptions = {},
): Promise<Tls> {
  const own =
    certificate === undefined
      ? {}
      : { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) };
  const sessions: Buffer[] = [];
  const socket = connect({
    host: "127.0.0.1",
    port,
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
    ...own,
    ...more,
  });
  onTestFinished(() => void socket.destroy());
  socket.on("session", (session: Buffer) => sessions.push(session));
  await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  return { wire: new Wire(socket), socket, sessions };
}

/** Sends a request on an open connection. @returns its status, and its code if it is refused */
async function ask({ wire }: { wire: Wire }, host: string, path = "/", fields = ""): Promise<string> {
  const from = wire.text.length;
  wire.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`);
  const response = (text: string): RegExpExecArray | null => /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n/.exec(text.slice(from));
  await wire.read((text) => {
    const head = response(text);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head?.[0] ?? "")?.[1] ?? 0);
    return head !== null && text.length >= from + head[0].length + length;
  });
  const [head = "", status = ""] = response(wire.text) ?? [];
  const code = /\r\nPostern-Error: (\S+)/i.exec(head)?.[1];
  return code === undefined ? status : `${status} ${code}`;
}

const once = async (port: number, servername: string | undefined, host: string, certificate?: CertificateFiles) =>
  ask(await shake(port, servername, certificate), host);

const ROUTES = `
[[proxy]]
host = "a.test"
target = "ORIGIN"
[[proxy]]
host = "b.test"
target = "ORIGIN"
access.client_ca_file = "staff.pem"
[[proxy]]
host = "*.w.test"
target = "ORIGIN"
access.client_ca_file = "partners.pem"
[[proxy]]
host = "own.w.test"
path = "/own/*"
target = "ORIGIN"
access.client_ca_file = "staff.pem"
[[proxy]]
host = "open.w.test"
path = "/open/*"
target = "ORIGIN"
[[proxy]]
path = "/any"
target = "ORIGIN"
`;

describe("a host with client_ca_file", () => {
  let each: Gateway;
  const people = { none: undefined, staff: undefined, partner: undefined } as Record<
    string,
    CertificateFiles | undefined
  >;

  beforeAll(async () => {
    people["staff"] = staff.issue({ names: ["ann@staff.test"] });
    people["partner"] = partners.issue({ names: ["bob"] });
    const cas = { "staff.pem": staff.certificate, "partners.pem": partners.certificate };
    each = await gateway(ROUTES, cas, cleanup.defer);
  });

  /** What must happen, without any knowledge of how it is done. */
  function expected(serverName: string | undefined, host: string, person: string): string {
    if (serverName !== undefined && host !== serverName) return "421 PN_HTTP_MISDIRECTED";
    const wanted = host === "b.test" ? "staff" : host.endsWith(".w.test") ? "partner" : undefined;
    if (wanted === undefined) return "200";
    if (serverName === undefined || person === "none") return MISSING;
    return person === wanted ? "200" : INVALID;
  }

  test("serves exactly the requests whose handshake named it and had a certificate of its CA", async () => {
    const { secure } = each;
    const names = ["a.test", "b.test", "x.w.test", "y.w.test", "open.w.test"];
    const found: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    let served = 0;
    const before = origin.requests.length;
    for (const serverName of [undefined, ...names])
      for (const person of Object.keys(people)) {
        const connection = await shake(secure, serverName, people[person]);
        for (const host of [...names, ...names.toReversed()]) {
          const key = `${serverName ?? "no name"} → ${host}, ${person}`;
          found[key] = await ask(connection, host);
          wanted[key] = expected(serverName, host, person);
          if (found[key] === "200") served++;
        }
      }
    expect(found).toEqual(wanted);
    expect(Object.keys(found)).toHaveLength(6 * 3 * 5);
    expect(origin.requests.length - before).toBe(served);
  });

  test("refuses upgrades, paths of a route for all hosts stay open, and so do more specific routes without a CA", async () => {
    const { secure } = each;
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    expect(await ask(await shake(secure, "b.test"), "b.test", "/", upgrade)).toBe(MISSING);
    expect(await ask(await shake(secure, "open.w.test"), "open.w.test", "/open/x")).toBe("200");
    expect(await ask(await shake(secure, "open.w.test"), "open.w.test", "/x")).toBe(MISSING);
    expect(await ask(await shake(secure, undefined), "c.test", "/any")).toBe("200");
  });

  test("has its own CA below a wildcard with another one, and neither counts for the other's routes", async () => {
    const { secure } = each;
    const name = "own.w.test";
    const [staffed, partnered] = [
      await shake(secure, name, people["staff"]),
      await shake(secure, name, people["partner"]),
    ];
    expect([await ask(staffed, name, "/own/x"), await ask(staffed, name, "/")]).toEqual(["200", INVALID]);
    expect([await ask(partnered, name, "/own/x"), await ask(partnered, name, "/")]).toEqual([INVALID, INVALID]);
  });

  test("is refused over plain HTTP", async () => {
    const { plain } = each;
    const { status, headers } = await exchange(plain, { host: "b.test" });
    expect(`${status} ${String(headers["postern-error"])}`).toBe(MISSING);
    expect((await exchange(plain, { host: "a.test" })).status).toBe(200);
  });

  test("is the only one whose visitors are asked for a certificate", async () => {
    const { secure } = each;
    const asked = async (...name: string[]): Promise<boolean> => {
      const args = ["s_client", "-connect", `127.0.0.1:${secure}`, ...name];
      const running = run("openssl", args);
      running.child.stdin?.end();
      const { stdout } = await running;
      expect(stdout).toMatch(/client certificate CA names/i);
      return !stdout.includes("No client certificate CA names sent");
    };
    expect(await asked("-servername", "b.test")).toBe(true);
    expect(await asked("-servername", "x.w.test")).toBe(true);
    expect(await asked("-servername", "a.test")).toBe(false);
    expect(await asked("-servername", "c.test")).toBe(false);
    expect(await asked("-noservername")).toBe(false);
  });

  test.for(["TLSv1.2", "TLSv1.3"] as const)("is not reached by a resumed session, in %s", async (version) => {
    const { secure } = each;
    const more = { minVersion: version, maxVersion: version };
    const sessionOf = async (name: string, certificate?: CertificateFiles): Promise<Buffer | undefined> => {
      const connection = await shake(secure, name, certificate, more);
      await ask(connection, name);
      return connection.sessions[0] ?? connection.socket.getSession();
    };
    // Sessions are resumed here at all, so that the others show something.
    const open = await sessionOf("a.test");
    const again = await shake(secure, "a.test", undefined, { ...more, session: open });
    expect([again.socket.isSessionReused(), await ask(again, "a.test")]).toEqual([true, "200"]);
    for (const [session, name] of [
      [open, "b.test"],
      [await sessionOf("b.test", people["staff"]), "b.test"],
      [await sessionOf("b.test", people["staff"]), "x.w.test"],
      [await sessionOf("x.w.test", people["partner"]), "b.test"],
    ] as const) {
      const resumed = await shake(secure, name, undefined, { ...more, session });
      expect([resumed.socket.isSessionReused(), await ask(resumed, name)]).toEqual([false, MISSING]);
    }
  });
});

test("the target gets the name in the certificate; certificates with other names, expired and revoked ones are refused", async () => {
  const [ann, eve] = [
    staff.issue({ names: ["Ann@staff.test", "ann.test"] }),
    staff.issue({ names: ["eve@staff.test"] }),
  ];
  const old = staff.issue({ names: ["ann@staff.test"], days: -1 });
  const lost = staff.issue({ names: ["ann@staff.test"] });
  const routes = `
[[proxy]]
host = "p.test"
target = "ORIGIN"
[proxy.access]
client_ca_file = "staff.pem"
client_crl_file = "revoked.pem"
client_names = ["ANN@staff.test"]
`;
  const { secure, process } = await gateway(routes, {
    "staff.pem": staff.certificate,
    "revoked.pem": staff.revoke(lost),
  });
  const forged = "X-Client-Name: root\r\nX_Client_Name: root\r\n";
  const kept = await shake(secure, "p.test", ann);
  expect(await ask(kept, "p.test", "/", forged)).toBe("200");
  expect(origin.last.headers["x-client-name"]).toBe("ann@staff.test");
  expect(origin.last.rawHeaders.join()).not.toContain("root");
  const before = origin.requests.length;
  expect(await once(secure, "p.test", "p.test", eve)).toBe("403 PN_ACCESS_CERTIFICATE_NAME");
  for (const wrong of [old, lost]) expect(await once(secure, "p.test", "p.test", wrong)).toBe(INVALID);
  expect(origin.requests).toHaveLength(before);
  // A connection that is open when its certificate is revoked has no access any more.
  replace(process.folder, "revoked.pem", readFileSync(staff.revoke(ann), "utf8"));
  await until("the new list", async () => (await ask(kept, "p.test")) === INVALID);
});

test("a changed CA file is used without a gap: connections of a CA that stays go on, those of one that is gone do not", async () => {
  const routes = '\n[[proxy]]\nhost = "b.test"\ntarget = "ORIGIN"\naccess.client_ca_file = "cas.pem"\n';
  const { secure, process } = await gateway(routes, { "cas.pem": staff.certificate });
  const [ann, bob] = [staff.issue({ names: ["ann"] }), partners.issue({ names: ["bob"] })];
  const old = await shake(secure, "b.test", ann);
  expect([await ask(old, "b.test"), await once(secure, "b.test", "b.test", bob)]).toEqual(["200", INVALID]);
  const [first, second] = [staff, partners].map(({ certificate }) => readFileSync(certificate, "utf8"));
  replace(process.folder, "cas.pem", `${first}${second}`);
  await until("the new CA", async () => {
    expect(await ask(old, "b.test")).toBe("200");
    return (await once(secure, "b.test", "b.test", bob)) === "200";
  });
  replace(process.folder, "cas.pem", "not a certificate\n");
  await process.program.waitFor("the mistake", () => process.program.output.includes("cas.pem") || undefined);
  expect([await ask(old, "b.test"), await once(secure, "b.test", "b.test", bob)]).toEqual(["200", "200"]);
  replace(process.folder, "cas.pem", `${second}`);
  await until("the old CA to be gone", async () => (await ask(old, "b.test")) === INVALID);
  expect(await once(secure, "b.test", "b.test", bob)).toBe("200");
});

function replace(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, `${name}.new`), text, { mode: 0o600 });
  renameSync(join(folder, `${name}.new`), join(folder, name));
}
