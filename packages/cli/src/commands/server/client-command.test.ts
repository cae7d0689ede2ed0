import { expect, test } from "vitest";
import type { ServerCredentials } from "../../credentials/server-credentials.js";
import { clientCommand } from "./client-command.js";

const one = { owner: "me", key: "0123456789abcdef" };
const none = { keys: { keys: [], file: undefined, warnings: [] }, tokens: undefined };
const url = "https://tunnel.example.com";

test.for([
  ["a file with one key", { keys: { ...none.keys, keys: [one], file: "a b/keys" } }, "--api-key-file 'a b/keys'"],
  ["a file with several keys", { keys: { ...none.keys, keys: [one, one], file: "keys" } }, "--api-key-file my.key"],
  ["a key of the environment", { keys: { ...none.keys, keys: [one] } }, "--api-key-file my.key"],
  ["tokens", { tokens: {} }, "--token-file my.token"],
  ["certificates", {}, "--cert-file client.pem --key-file client.key"],
] as const)("with %s, the suggested command logs in that way", ([, credentials, options]) => {
  const all = { ...none, ...credentials } as unknown as ServerCredentials;
  expect(clientCommand(url, all)).toBe(`postern http 3000 --server ${url} ${options}`);
});
