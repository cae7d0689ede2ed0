import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  ClientProcess,
  exchange,
  Origin,
  patternHash,
  patternPieces,
  Published,
  scratchFolder,
  ServerProcess,
  startBulkOrigin,
  until,
  type Exchange,
  type UploadReceipt,
} from "@postern/testkit";

const MB = 1_000_000;
const pattern = (bytes: number): Buffer => Buffer.concat([...patternPieces(bytes)]);

/** A server with these lines in `[tunnel.server.rate_limit]`. */
async function limited(lines: string): Promise<ServerProcess> {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, `[tunnel.server.rate_limit]\nenabled = true\n${lines}`, { mode: 0o600 });
  return ServerProcess.start(onTestFinished, { args: ["--config", file] });
}

const outcome = ({ status, headers }: Exchange): string =>
  [status, headers["postern-error"]].filter((part) => part !== undefined).join(" ");

test("requests to a tunnel beyond requests_per_minute and burst_allowance get 429; other tunnels are served", async () => {
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("ok"));
  const server = await limited("requests_per_minute = 6\nburst_allowance = 2\nmax_connections_per_tunnel = 1000\n");
  const [first, other] = await Promise.all(
    ["first", "other"].map((subdomain) => Published.start(onTestFinished, origin.port, { server, subdomain })),
  );
  const answers = [];
  // From several addresses: the limit is that of the tunnel.
  for (let n = 0; n < 12; n++) answers.push(await first!.visit("/", { from: `127.0.0.${1 + (n % 3)}` }));
  const refused = answers.filter(({ status }) => status === 429);
  expect(origin.requests).toHaveLength(12 - refused.length);
  // Slow machines admit another one every ten seconds.
  expect(12 - refused.length).toBeGreaterThanOrEqual(8);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]!.headers).toMatchObject({
    "postern-error": "PN_TUNNEL_RATE",
    "ratelimit-limit": "8",
    "ratelimit-remaining": "0",
    "ratelimit-policy": "8;w=80",
  });
  expect(Number(refused[0]!.headers["retry-after"])).toBeGreaterThan(0);
  expect(outcome(await other!.visit("/"))).toBe("200");
});

test("connections in use beyond max_connections_per_tunnel get 429, WebSockets included, until one is free", async () => {
  const held: (() => void)[] = [];
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void held.push(() => outgoing.end("late")));
  const server = await limited("max_connections_per_tunnel = 2\n");
  const published = await Published.start(onTestFinished, origin.port, { server });
  const waiting = [published.visit("/1"), published.visit("/2")];
  await until("both", () => held.length === 2);
  expect(outcome(await published.visit("/3"))).toBe("429 PN_TUNNEL_CONNECTIONS");
  expect(held).toHaveLength(2);
  held[0]!();
  await until("a free place", async () => {
    const next = published.visit("/4");
    const result = await Promise.race([next, until("it to arrive", () => held.length === 3).then(() => "arrived")]);
    return result === "arrived";
  });
  for (const end of held) end();
  expect((await Promise.all(waiting)).map(outcome)).toEqual(["200", "200"]);
});

test("transfers of a tunnel are as slow as max_bandwidth_per_tunnel, in both directions, and nothing of them is lost", async () => {
  const origin = await startBulkOrigin(onTestFinished);
  const server = await limited(`max_bandwidth_per_tunnel = ${MB}\n`);
  const published = await Published.start(onTestFinished, origin.port, { server });
  const began = performance.now();
  const [one, two] = await Promise.all([published.visit(`/?bytes=${MB}`), published.visit(`/?bytes=${MB}&chunked`)]);
  // Never faster, apart from a tenth of a second and the windows of the streams. Busy machines are slower.
  expect(performance.now() - began).toBeGreaterThan(1_500);
  for (const { body } of [one, two]) expect(body.equals(pattern(MB))).toBe(true);
  const uploaded = performance.now();
  const { body } = await published.visit("/", { method: "POST", body: pattern(2 * MB) });
  expect(performance.now() - uploaded).toBeGreaterThan(1_500);
  const receipt = JSON.parse(body.toString()) as UploadReceipt;
  expect(receipt).toEqual({
    bytes: 2 * MB,
    sha256: patternHash(2 * MB),
  });
});

test("a tunnel at its bandwidth does not delay another tunnel of the same session", async () => {
  const origin = await startBulkOrigin(onTestFinished);
  const server = await limited("max_bandwidth_per_tunnel = 100000\nmax_connections_per_tunnel = 1000\n");
  const client = await ClientProcess.start(onTestFinished, { server, target: origin.port, subdomain: "slow" });
  const quick = await ClientProcess.start(onTestFinished, { server, target: origin.port, subdomain: "quick" });
  const downloads = Array.from({ length: 100 }, () =>
    exchange(server.port, { host: client.host, path: `/?bytes=${MB}` }),
  );
  for (const each of downloads) each.catch(() => {});
  await until("the downloads", () => origin.requests.length >= 20);
  // A hundred megabytes at a hundred kilobytes a second last longer than this test.
  for (let n = 0; n < 5; n++)
    expect((await exchange(server.port, { host: quick.host, path: "/?bytes=10000" })).body).toHaveLength(10_000);
  let done = 0;
  for (const each of downloads)
    each.then(
      () => done++,
      () => {},
    );
  expect(done).toBe(0);
});
