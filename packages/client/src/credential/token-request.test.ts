import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createListener, type AddressInfo, type Server } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { LOGIN_LIMITS, type TunnelError } from "@postern/protocol";
import { requestToken, type NewToken } from "./token-request.js";

const REFRESH = "canary-refresh";
const SECRET = "canary secret:%";

interface Asked {
  method: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

/** An issuer that responds as `reply` does, and records requests. */
async function issuer(reply: (response: ServerResponse) => void): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      asked.push({ method: request.method, headers: request.headers, body });
      reply(response);
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listening(server), asked };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
}

const saying = (answer: unknown, status = 200) =>
  issuer((response) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer)));

/** Requests a token. Checks that errors never contain a secret. */
async function outcome(url: string, more: object = {}, timeout?: number): Promise<NewToken | string> {
  const options = { url, refreshToken: "configured", clientId: "me", clientSecret: SECRET, ...more };
  try {
    return await requestToken(options, REFRESH, timeout);
  } catch (error) {
    const { code, message } = error as TunnelError;
    expect(message).not.toContain("canary");
    return `${code} ${message}`;
  }
}

describe("a request", () => {
  test("is the form of RFC 6749, section 6, with the secret by Basic authentication, encoded as section 2.3.1 specifies", async () => {
    const { url, asked } = await saying({ access_token: "t" });
    await outcome(url);
    expect(asked).toHaveLength(1);
    const [{ method, headers, body }] = asked as [Asked];
    expect(method).toBe("POST");
    expect(headers["content-type"]).toMatch(/^application\/x-www-form-urlencoded/);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: "refresh_token",
      refresh_token: REFRESH,
    });
    const login = Buffer.from(String(headers.authorization).replace("Basic ", ""), "base64").toString();
    expect(login).toBe(`me:${encodeURIComponent(SECRET)}`);
  });

  test("has client_id in the form if there is no secret, and neither without client_id", async () => {
    const { url, asked } = await saying({ access_token: "t" });
    await outcome(url, { clientSecret: undefined });
    await outcome(url, { clientId: undefined, clientSecret: undefined });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(asked.map(({ body }) => new URLSearchParams(body).get("client_id"))).toEqual(["me", null]);
  });
});

describe("a response", () => {
  test("has a token, a lifetime and a refresh token", async () => {
    const { url } = await saying({ access_token: "t", expires_in: 60, refresh_token: "next", token_type: "Bearer" });
    expect(await outcome(url)).toEqual({ token: "t", lifetime: 60_000, refreshToken: "next" });
  });

  test.for([
    ["the same refresh token", { refresh_token: REFRESH }, { refreshToken: undefined }],
    ["an empty refresh token", { refresh_token: "" }, { refreshToken: undefined }],
    ["a refresh token that is not a string", { refresh_token: { $ne: 1 } }, { refreshToken: undefined }],
    ["a refresh token with line breaks", { refresh_token: "a\nb" }, { refreshToken: undefined }],
    ["seconds as a string", { expires_in: "90" }, { lifetime: 90_000 }],
    ["no lifetime", {}, { lifetime: undefined }],
    ["a negative lifetime", { expires_in: -1 }, { lifetime: undefined }],
    ["a lifetime as a word", { expires_in: "soon" }, { lifetime: undefined }],
    ["an absurd lifetime", { expires_in: 1e12 }, { lifetime: undefined }],
    ["null", { expires_in: null, refresh_token: null }, { lifetime: undefined, refreshToken: undefined }],
    ["true", { expires_in: true }, { lifetime: undefined }],
  ] as const)("with %s", async ([, answer, expected]) => {
    const { url } = await saying({ access_token: "t", ...answer });
    expect(await outcome(url)).toMatchObject({ token: "t", ...expected });
  });
});

describe("a hostile or broken issuer", () => {
  const text = (body: string, status = 200) => issuer((response) => response.writeHead(status).end(body));
  const FAILED: [string, () => ReturnType<typeof issuer>, RegExp][] = [
    ["not JSON", () => text("<html>canary</html>"), /the response is not JSON/],
    ["nothing", () => text(""), /the response is not JSON/],
    ["no object", () => saying("canary"), /no access_token/],
    ["null", () => saying(null), /no access_token/],
    ["no access_token", () => saying({ id_token: "canary" }), /no access_token/],
    ["an empty one", () => saying({ access_token: "" }), /no access_token/],
    ["one that is not a string", () => saying({ access_token: ["canary"] }), /no access_token/],
    ["one with line breaks", () => saying({ access_token: "canary\r\nx: y" }), /no access_token/],
    ["one that is too long for a login", () => saying({ access_token: "x".repeat(LOGIN_LIMITS.token + 1) }), /bytes/],
    ["one that only its prototype has", () => text('{"__proto__":{"access_token":"canary"}}'), /no access_token/],
    ["a huge response", () => text(JSON.stringify({ access_token: "t", pad: "x".repeat(70_000) })), /65536 bytes/],
    ["an endless response", () => issuer(flood), /65536 bytes/],
    ["a huge error", () => text("canary".repeat(20_000), 500), /65536 bytes/],
    ["an error of its own", () => saying({ error: "server_error", error_description: "canary" }, 500), /HTTP 500/],
    ["too many requests", () => saying({ error: "slow_down" }, 429), /HTTP 429/],
    ["an error that repeats the request", () => saying({ error: `canary ${REFRESH}` }, 400), /HTTP 400\)$/],
    ["an error that is not a string", () => saying({ error: { canary: 1 } }, 400), /HTTP 400\)$/],
    ["success without a body", () => text("", 204), /HTTP 204/],
    ["a truncated response", () => issuer(breakingOff), /PN_REFRESH_FAILED/],
  ];
  test.for(FAILED)("%s is a failure that may be retried", async ([, start, why]) => {
    const error = await outcome((await start()).url);
    expect(error).toMatch(/^PN_REFRESH_FAILED /);
    expect(error).toMatch(why);
  });

  test.for([
    "invalid_grant",
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
  ])("%s is a final refusal", async (error) => {
    for (const status of [400, 401]) {
      const { url } = await saying({ error, error_description: `canary ${REFRESH}` }, status);
      expect(await outcome(url)).toMatch(new RegExp(`^PN_REFRESH_REFUSED .*${error}`));
    }
  });

  test.for([301, 302, 303, 307, 308])("redirects are not followed: %d", async (status) => {
    const elsewhere = await saying({ access_token: "t" });
    const { url } = await issuer((response) => response.writeHead(status, { Location: elsewhere.url }).end());
    expect(await outcome(url)).toMatch(/^PN_REFRESH_FAILED .*redirects/);
    expect(elsewhere.asked).toEqual([]);
  });

  test("a silent issuer and a slow response time out", async () => {
    const silent = await issuer(() => {});
    const slow = await issuer((response) => void response.write("{"));
    for (const { url } of [silent, slow])
      expect(await outcome(url, {}, 300)).toMatch(/^PN_REFRESH_FAILED .*no response in time/);
  });

  test("an issuer that is down or does not use HTTP causes a failure that may be retried", async () => {
    const gone = createListener();
    const url = await listening(gone);
    await new Promise((closed) => gone.close(closed));
    expect(await outcome(url)).toMatch(/^PN_REFRESH_FAILED .*ECONNREFUSED/);
    const odd = createListener((socket) => socket.on("error", () => {}).end("SSH-2.0-canary\r\n"));
    onTestFinished(() => void odd.close());
    expect(await outcome(await listening(odd))).toMatch(/^PN_REFRESH_FAILED /);
    expect(await outcome("https://canary:canary@127.0.0.1:9/")).toMatch(/^PN_REFRESH_FAILED /);
  });
});

function flood(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write("x".repeat(16_384)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

function breakingOff(response: ServerResponse): void {
  response.writeHead(200, { "Content-Length": 1_000 });
  response.write('{"access_token":"t"', () => response.destroy());
}
