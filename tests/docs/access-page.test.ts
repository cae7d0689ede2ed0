import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  exchange,
  needs,
  Origin,
  scratchFolder,
  ServerProcess,
  TEST_KEY,
  until,
  type CertificateFiles,
  type Exchange,
  type Program,
} from "@postern/testkit";
import { DocumentedPage, shell, shellWithAnswer } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/access.md", [
    ["addresses", "toml", /allow_ips/],
    ["proxies", "toml", /trusted_proxies/],
    ["htpasswd", "sh", /htpasswd -B/],
    ["password", "toml", /basic_auth/],
    ["password file", "sh", /cat > password/],
    ["page", "toml", /password_file/],
    ["github", "toml", /kind = "github"/],
    ["hmac", "toml", /kind = "hmac"/],
    ["token", "toml", /claim_fields/],
    ["service", "toml", /forward_auth/],
    ["certificate", "toml", /client_ca_file/],
    ["rate", "toml", /requests_per_minute = 60/],
    ["credential", "toml", /bearer_token/],
    ["tunnel page", "sh", /http 3000 .*--password$/],
    ["tunnel password", "sh", /http 3000 .*--basic-auth/],
    ["tunnel addresses", "sh", /--allow-ip .*--rate-limit/],
    ["tunnel file", "toml", /\[tunnel\.endpoints\.access\]/],
  ]);
});

interface Served {
  folder: string;
  program: Program;
  origin: Origin;
  ask: (
    path: string,
    options?: { from?: string; headers?: Record<string, string>; body?: string },
  ) => Promise<Exchange>;
}

/** Runs `postern serve` with an example, and an origin in place of its target. */
async function served(example: string, files: Record<string, string> = {}, environment = ""): Promise<Served> {
  const folder = scratchFolder(onTestFinished);
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const text = example.replace("localhost:3000", `127.0.0.1:${origin.port}`);
  writeFileSync(join(folder, "postern.toml"), text, { mode: 0o600 });
  const program = shell(onTestFinished, folder, `${environment} npx postern serve --listen 127.0.0.1:0`);
  const [, port = ""] = await program.waitFor(
    "the address",
    () => /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.output) ?? undefined,
  );
  const ask: Served["ask"] = (path, { from, headers = {}, body } = {}) =>
    exchange(Number(port), {
      host: "a",
      path,
      headers,
      ...(from === undefined ? {} : { from }),
      ...(body === undefined ? {} : { method: "POST", body }),
    });
  return { folder, program, origin, ask };
}

const outcome = ({ status, headers }: Exchange): string =>
  [status, headers["postern-error"]].filter((part) => part !== undefined).join(" ");

test("addresses: a stranger gets 403, and the origin sees nothing; a changed file is read again", async () => {
  const example = page.example("addresses", { '"127.0.0.0/8", ': "" });
  const { folder, program, origin, ask } = await served(example, { "office.txt": "192.0.2.1\n" });
  expect(outcome(await ask("/admin/"))).toBe("403 PN_ACCESS_ADDRESS");
  expect(origin.requests).toHaveLength(0);
  writeFileSync(join(folder, "office.txt"), "# office\n127.0.0.1\n");
  await until("the new list", async () => (await ask("/admin/")).status === 200);
  expect(outcome(await ask("/admin/", { from: "127.0.0.2" }))).toBe("403 PN_ACCESS_ADDRESS");
  writeFileSync(join(folder, "office.txt"), "127.0.0.2\nexample.com\n");
  await program.waitFor("the mistake", () => program.output.includes("line 2") || undefined);
  expect([outcome(await ask("/admin/")), outcome(await ask("/admin/", { from: "127.0.0.2" }))]).toEqual([
    "200",
    "403 PN_ACCESS_ADDRESS",
  ]);
});

test("addresses behind a proxy: only the field of the proxy counts", async () => {
  const { origin, ask } = await served(page.example("proxies"));
  const office = { "X-Forwarded-For": "192.0.2.7" };
  expect(outcome(await ask("/", { headers: office }))).toBe("200");
  expect(outcome(await ask("/", { headers: { "X-Forwarded-For": "192.0.2.7, 198.51.100.1" } }))).toBe(
    "403 PN_ACCESS_ADDRESS",
  );
  expect(outcome(await ask("/", { headers: office, from: "127.0.0.2" }))).toBe("403 PN_ACCESS_ADDRESS");
  expect(outcome(await ask("/"))).toBe("403 PN_ACCESS_ADDRESS");
  expect(origin.requests).toHaveLength(1);
});

test("passwords: a stranger gets 401, and the origin sees nothing; a user gets in, and passwords are shown nowhere", async () => {
  // As the command of the page writes it.
  const users = "ann:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n";
  const { folder, program, origin, ask } = await served(page.example("password"), { users });
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString("base64")}`,
  });
  const stranger = await ask("/");
  expect(outcome(stranger)).toBe("401 PN_ACCESS_PASSWORD");
  expect(stranger.headers["www-authenticate"]).toBe('Basic realm="restricted", charset="UTF-8"');
  const wrong = await ask("/", { headers: basic("ann:canary-wrong") });
  expect(outcome(wrong)).toBe("401 PN_ACCESS_PASSWORD");
  expect(origin.requests).toHaveLength(0);
  expect(outcome(await ask("/", { headers: { ...basic("ann:myPassword"), "x-forwarded-user": "eve" } }))).toBe("200");
  expect([origin.last.headers["x-forwarded-user"], origin.last.headers.authorization]).toEqual(["ann", undefined]);
  for (let n = 0; n < 9; n++) expect((await ask("/", { headers: basic(`ann:canary-${n}`) })).status).toBe(401);
  expect(outcome(await ask("/", { headers: basic("ann:myPassword") }))).toBe("429 PN_ACCESS_FAILURES");
  const elsewhere = { headers: basic("ann:myPassword"), from: "127.0.0.2" };
  expect(outcome(await ask("/", elsewhere))).toBe("200");
  writeFileSync(join(folder, "users"), "ann:canary-plain\n");
  await program.waitFor("the mistake", () => program.output.includes("users, line 1") || undefined);
  expect(outcome(await ask("/", elsewhere))).toBe("200");
  writeFileSync(join(folder, "users"), "# nobody\n");
  await until("the new file", async () => (await ask("/", elsewhere)).status === 401);
  const seen = program.output + stranger.body.toString() + wrong.body.toString();
  expect(seen).not.toMatch(/canary|myPassword|\$2[aby]\$/);
  for (const text of ["ann:canary", "ann:myPassword"])
    expect(seen).not.toContain(Buffer.from(text).toString("base64").slice(0, 12));
});

test("the password page: a stranger gets 401, and the origin sees nothing; a visitor with the password gets in", async () => {
  const { folder, program, origin, ask } = await served(page.example("page"), { password: "canary-right\n" });
  const stranger = await ask("/a", { headers: { accept: "text/html" } });
  expect(outcome(stranger)).toBe("401 PN_ACCESS_PASSWORD_PAGE");
  const [, action = ""] = /action="([^"]+)"/.exec(stranger.body.toString()) ?? [];
  const enter = (password: string, from?: string): Promise<Exchange> =>
    ask(action, { body: `password=${password}&to=/a`, ...(from === undefined ? {} : { from }) });
  expect(outcome(await enter("canary-wrong"))).toBe("401 PN_ACCESS_PASSWORD_PAGE");
  expect(origin.requests).toHaveLength(0);
  const entered = await enter("canary-right");
  expect([entered.status, entered.headers.location]).toEqual([303, "/a"]);
  const cookie = entered.headers["set-cookie"]![0]!.split(";")[0]!;
  expect(outcome(await ask("/a", { headers: { cookie } }))).toBe("200");
  expect(origin.last.headers.cookie).toBeUndefined();
  expect((await ask("/.postern/password/logout", { headers: { cookie } })).headers["set-cookie"]).toHaveLength(1);
  // What is known to be wrong is not checked again, so that the minute is not over.
  for (let n = 0; n < 9; n++) expect((await enter("canary-wrong")).status).toBe(401);
  expect(outcome(await enter("canary-right"))).toBe("429 PN_ACCESS_FAILURES");
  expect((await enter("canary-right", "127.0.0.2")).status).toBe(303);
  writeFileSync(join(folder, "password"), "canary-other\n");
  await until("the end of the login", async () => (await ask("/a", { headers: { cookie } })).status === 401);
  writeFileSync(join(folder, "password"), "two\nlines\n");
  await program.waitFor("the mistake", () => program.output.includes("does not have one line") || undefined);
  expect(program.output).not.toMatch(/canary|\$2b\$/);
  expect(program.output).not.toContain(cookie.split("=")[1]!.slice(0, 20));
});

test("webhooks: a stranger gets 401, and the origin sees nothing; a signed request gets in, and secrets are shown nowhere", async () => {
  const body = '{"ref":"main"}';
  const sign = (secret: string, form: "hex" | "base64"): string =>
    createHmac("sha256", secret).update(body).digest(form);
  const github = await served(page.example("github"), {}, "GITHUB_WEBHOOK_SECRET=canary-github");
  const shop = await served(page.example("hmac"), { "shop-secrets": "canary-new\ncanary-old\n" });
  const sent = async ({ ask }: Served, path: string, headers: Record<string, string>): Promise<string> =>
    outcome(await ask(path, { headers, body }));
  const bySecret = (secret: string): Record<string, string> => ({
    "x-hub-signature-256": `sha256=${sign(secret, "hex")}`,
    "x-shop-hmac-sha256": sign(secret, "base64"),
  });
  for (const headers of [{}, bySecret("canary-wrong")]) {
    expect(await sent(github, "/hooks/github", headers)).toBe("401 PN_ACCESS_SIGNATURE");
    expect(await sent(shop, "/hooks/shop", headers)).toBe("401 PN_ACCESS_SIGNATURE");
  }
  expect([github.origin.requests.length, shop.origin.requests.length]).toEqual([0, 0]);
  expect(await sent(github, "/hooks/github", bySecret("canary-github"))).toBe("200");
  for (const secret of ["canary-new", "canary-old"])
    expect(await sent(shop, "/hooks/shop", bySecret(secret))).toBe("200");
  writeFileSync(join(shop.folder, "shop-secrets"), "canary-new\n");
  await until("the new list", async () => (await sent(shop, "/hooks/shop", bySecret("canary-old"))).startsWith("401"));
  for (const { program } of [github, shop]) {
    await program.waitFor("the reason", () => program.output.includes("no secret of the route") || undefined);
    expect(program.output).not.toContain("canary");
  }
});

test("tokens: a stranger gets 401, and the origin sees nothing; a valid token gets in, and is shown nowhere", async () => {
  const secret = "canary-secret-with-more-than-32-bytes";
  const { program, origin, ask } = await served(page.example("token"), {}, `JWT_SECRET=${secret}`);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (claims: object, key = secret): string => {
    const text = `${part({ alg: "HS256" })}.${part({ iss: "https://auth.example.com", aud: "shop", ...claims })}`;
    return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
  };
  const claims = { sub: "ann", email: "ann@shop.example", exp: Math.ceil(Date.now() / 1_000) + 600 };
  const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}`, "x-email": "eve@b" });
  const valid = token(claims);
  expect(outcome(await ask("/api/"))).toBe("401 PN_ACCESS_TOKEN");
  for (const wrong of [token(claims, `${secret}x`), token({ ...claims, aud: "other" }), token({ ...claims, exp: 1 })])
    expect(outcome(await ask("/api/", { headers: bearer(wrong) }))).toBe("401 PN_ACCESS_TOKEN");
  expect(origin.requests).toHaveLength(0);
  expect(outcome(await ask("/api/", { headers: bearer(valid) }))).toBe("200");
  const { headers } = origin.last;
  expect([headers["x-forwarded-user"], headers["x-email"]]).toEqual(["ann", "ann@shop.example"]);
  await program.waitFor("the requests in the log", () => program.output.includes("/api/") || undefined);
  expect(program.output).not.toContain("canary");
  expect(program.output).not.toContain(valid.slice(-20));
});

test("a service decides: a stranger gets its answer, and the origin sees nothing; upgrades are checked, too", async () => {
  const service = await Origin.start(onTestFinished, (incoming, outgoing) => {
    if (incoming.headers.cookie === "session=ann")
      outgoing.writeHead(200, { "Remote-User": "ann", "Set-Cookie": "session=new" }).end();
    else outgoing.writeHead(302, { Location: "https://login.example.com/", "Set-Cookie": ["a=b", "c=d"] }).end();
  });
  const example = page.example("service", { "localhost:9091": `127.0.0.1:${service.port}`, "app.example.com": "a" });
  const { program, origin, ask } = await served(example);
  const upgrade = { connection: "Upgrade", upgrade: "websocket" };
  for (const headers of [{}, upgrade]) {
    const stranger = await ask("/x%2Fy?z", { headers: { ...headers, "remote-user": "eve" } });
    expect([stranger.status, stranger.headers.location]).toEqual([302, "https://login.example.com/"]);
    expect(stranger.headers["set-cookie"]).toEqual(["a=b", "c=d"]);
  }
  expect(origin.requests).toHaveLength(0);
  expect(service.last.headers).toMatchObject({ "x-forwarded-uri": "/x%2Fy?z", "x-forwarded-host": "a" });
  const forged = { cookie: "session=ann", "remote-user": "eve", Remote_Groups: "admins" };
  const admitted = await ask("/", { headers: forged });
  expect([outcome(admitted), admitted.headers["set-cookie"]]).toEqual(["200", ["session=new"]]);
  expect(origin.last.headers["remote-user"]).toBe("ann");
  expect(origin.last.rawHeaders.join()).not.toMatch(/eve|admins/);
  await service.close();
  expect(outcome(await ask("/", { headers: forged }))).toBe("502 PN_ACCESS_SERVICE");
  await program.waitFor("the reason", () => program.output.includes("cannot be asked about requests") || undefined);
  expect(origin.requests).toHaveLength(1);
});

test("certificates: a stranger gets 403, and the origin sees nothing; a visitor with a certificate and its name gets in", async (context) => {
  needs(context, "openssl");
  const [servers, staff] = ["servers", "staff"].map((name) => new CertificateAuthority(onTestFinished, name));
  const server = servers!.issue({ names: ["internal.example.com"] });
  const port = await claimPort();
  const files = {
    "server.pem": readFileSync(server.certificate, "utf8"),
    "server.key": readFileSync(server.key, "utf8"),
    "staff-ca.pem": readFileSync(staff!.certificate, "utf8"),
  };
  const { program, origin } = await served(page.example("certificate", { "= 443": `= ${port}` }), files);
  const ask = (own?: CertificateFiles): Promise<string> => {
    const pem = own && { cert: readFileSync(own.certificate), key: readFileSync(own.key) };
    const options = { host: "127.0.0.1", port, servername: "internal.example.com", agent: false };
    return new Promise((resolve, reject) => {
      request(
        { ...options, ...pem, ca: readFileSync(servers!.certificate), headers: { host: "internal.example.com" } },
        (response) => {
          const code = response.resume().headers["postern-error"];
          resolve(code === undefined ? String(response.statusCode) : `${response.statusCode} ${String(code)}`);
        },
      )
        .on("error", reject)
        .end();
    });
  };
  await program.waitFor("HTTPS", () => program.output.includes(String(port)) || undefined);
  expect(await ask()).toBe("403 PN_ACCESS_CERTIFICATE_MISSING");
  expect(await ask(servers!.issue({ names: ["ann@example.com"] }))).toBe("403 PN_ACCESS_CERTIFICATE_INVALID");
  expect(await ask(staff!.issue({ names: ["eve@example.com"] }))).toBe("403 PN_ACCESS_CERTIFICATE_NAME");
  expect(origin.requests).toHaveLength(0);
  expect(await ask(staff!.issue({ names: ["ann@example.com"] }))).toBe("200");
  expect(origin.last.headers["x-client-name"]).toBe("ann@example.com");
});

test("rates: a visitor that sends too much gets 429, and the origin sees nothing more; others are served", async () => {
  const { origin, ask } = await served(page.example("rate"));
  const answers = [];
  for (let n = 0; n < 8; n++) answers.push(await ask("/api/"));
  const refused = answers.filter(({ status }) => status === 429);
  expect(origin.requests).toHaveLength(8 - refused.length);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]!.headers).toMatchObject({
    "postern-error": "PN_ACCESS_RATE",
    "retry-after": "1",
    "ratelimit-limit": "5",
    "ratelimit-remaining": "0",
  });
  expect(refused[0]!.body.toString()).toContain("Too many requests. Please slow down.");
  expect(outcome(await ask("/api/", { from: "127.0.0.2" }))).toBe("200");
});

test("credentials for targets replace those of the visitor, and are shown nowhere", async () => {
  const environment = "BACKEND_TOKEN=canary-token BACKEND_KEY=canary-key";
  const { program, origin, ask } = await served(page.example("credential"), {}, environment);
  await ask("/api/", { headers: { authorization: "Bearer theirs", "x-api-key": "theirs", X_API_Key: "theirs" } });
  const { headers, rawHeaders } = origin.last;
  expect([headers.authorization, headers["x-api-key"]]).toEqual(["Bearer canary-token", "canary-key"]);
  expect(rawHeaders.join()).not.toContain("theirs");
  await program.waitFor("the request in the log", () => program.output.includes("/api/") || undefined);
  expect(program.output).not.toContain("canary");
});

test("a password is written to a file that other users cannot read", () => {
  const folder = scratchFolder(onTestFinished);
  execFileSync("sh", ["-euc", page.example("password file")], { cwd: folder, input: "correct horse\n" });
  const file = join(folder, "password");
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["correct horse\n", 0o600]);
});

test.for<[example: string, refusal: string]>([
  ["tunnel page", "401 PN_ACCESS_PASSWORD_PAGE"],
  ["tunnel password", "401 PN_ACCESS_PASSWORD"],
  ["tunnel addresses", "403 PN_ACCESS_ADDRESS"],
  ["tunnel file", "403 PN_ACCESS_ADDRESS"],
])("%s: a stranger is refused at the server, and the service sees nothing", async ([name, refusal], context) => {
  if (name === "tunnel page") needs(context, "script");
  const server = await ServerProcess.start(onTestFinished);
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  const folder = scratchFolder(onTestFinished);
  const users = "ann:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n";
  for (const [file, text] of Object.entries({ users, "more.txt": "192.0.2.9\n", "office.txt": "" }))
    writeFileSync(join(folder, file), text, { mode: 0o600 });
  const isFile = name === "tunnel file";
  const own = isFile
    ? { "local = 3000": `local = ${origin.port}`, "https://tunnel.example.com": server.url }
    : { "http 3000": `http ${origin.port}` };
  const example = page.example(name, own);
  if (isFile) writeFileSync(join(folder, "postern.toml"), example, { mode: 0o600 });
  const environment = `export POSTERN_SERVER_URL=${server.url} POSTERN_API_KEY=${TEST_KEY}\n`;
  const text = environment + (isFile ? "npx postern start" : example);
  const program =
    name === "tunnel page"
      ? await shellWithAnswer(onTestFinished, folder, text, { question: "Password for visitors: ", answer: "canary" })
      : shell(onTestFinished, folder, text);
  await program.waitFor("the tunnel", () => program.output.includes("my-app.localhost") || undefined);
  expect(outcome(await exchange(server.port, { host: "my-app.localhost" }))).toBe(refusal);
  expect(origin.connections + origin.requests.length).toBe(0);
});
