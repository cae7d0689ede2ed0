import type { X509Certificate } from "node:crypto";
import type { ClientCa } from "@postern/net";
import { describe, expect, test } from "vitest";
import { ClientCertificates } from "./client-certificates.js";

const AUTH = { method: "certificate" };
const anybody = { accepts: () => true } as unknown as ClientCa;

/** A certificate as Node describes it. */
function leaf(subjectAltName: string | undefined, subject = "CN=nobody"): X509Certificate {
  return { subjectAltName, subject, validToDate: new Date(Date.now() + 60_000) } as unknown as X509Certificate;
}

function owner(subjectAltName: string | undefined, subject?: string): string {
  const peer = { chain: [leaf(subjectAltName, subject)], fault: undefined };
  return new ClientCertificates(anybody).authenticate(AUTH, peer).owner;
}

describe("who a certificate names", () => {
  test.for([
    ["its address before its host", "DNS:host.example, email:Alice@Example.com", "alice@example.com"],
    ["its host", "URI:spiffe://x/y, DNS:host.example", "host.example"],
    [
      "an address in quotes is none",
      'URI:"https://x/, email:admin@example.com, y", DNS:mallory.example',
      "mallory.example",
    ],
    [
      "nor is one behind a quote",
      'URI:"https://x/\\", email:admin@example.com, y", DNS:mallory.example',
      "mallory.example",
    ],
    ["a name that had to be quoted is none", 'DNS:"a, email:admin@example.com"', "nobody"],
  ] as const)("%s", ([, names, expected]) => expect(owner(names)).toBe(expected));

  test("a letter that only looks like one in lower case stays what it is", () => {
    expect(owner(undefined, "CN=\u212Aim")).not.toBe("kim");
    expect(owner(undefined, "CN=Kim")).toBe("kim");
  });
});

test("an out-of-date revocation list is the server's business: the client comes back", () => {
  const peer = { chain: [leaf("DNS:alice")], fault: "CRL_HAS_EXPIRED" };
  expect(() => new ClientCertificates(anybody).authenticate(AUTH, peer)).toThrow(
    expect.objectContaining({ code: "PN_AUTH_UNAVAILABLE", retryable: true }),
  );
});

test("once no CA counts, nobody logs in by certificate and nobody is asked for one", () => {
  const clients = new ClientCertificates(anybody);
  const peer = { chain: [leaf("DNS:alice")], fault: undefined };
  const principal = clients.authenticate(AUTH, peer);
  clients.replace(undefined);
  expect(principal.isAccepted()).toBe(false);
  expect(clients.wanted).toBe(false);
  expect(() => clients.authenticate(AUTH, peer)).toThrow(expect.objectContaining({ code: "PN_AUTH_REFUSED" }));
});
