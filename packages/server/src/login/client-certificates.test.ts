import type { X509Certificate } from "node:crypto";
import type { ClientCa } from "@postern/net";
import { describe, expect, test } from "vitest";
import { ClientCertificates } from "./client-certificates.js";

const AUTH = { method: "certificate" };
const anyCa = { accepts: () => true } as unknown as ClientCa;

/** The fields of node:crypto's X509Certificate that the code uses. */
function leaf(subjectAltName: string | undefined, subject = "CN=nobody"): X509Certificate {
  return { subjectAltName, subject, validToDate: new Date(Date.now() + 60_000) } as unknown as X509Certificate;
}

function owner(subjectAltName: string | undefined, subject?: string): string {
  const peer = { chain: [leaf(subjectAltName, subject)], fault: undefined };
  return new ClientCertificates(anyCa).authenticate(AUTH, peer).owner;
}

describe("the owner of a certificate", () => {
  test.for([
    ["is its e-mail address rather than its host", "DNS:host.example, email:Alice@Example.com", "alice@example.com"],
    ["is its host", "URI:spiffe://x/y, DNS:host.example", "host.example"],
    [
      "is not an address in quotes",
      'URI:"https://x/, email:admin@example.com, y", DNS:mallory.example',
      "mallory.example",
    ],
    [
      "is not an address after an escaped quote",
      'URI:"https://x/\\", email:admin@example.com, y", DNS:mallory.example',
      "mallory.example",
    ],
    ["is not a name that needs quotes", 'DNS:"a, email:admin@example.com"', "nobody"],
  ] as const)("%s", ([, names, expected]) => expect(owner(names)).toBe(expected));

  test("lower-casing changes ASCII letters only", () => {
    expect(owner(undefined, "CN=\u212Aim")).not.toBe("kim");
    expect(owner(undefined, "CN=Kim")).toBe("kim");
  });
});

test("an outdated revocation list is an error of the server, and retryable for the client", () => {
  const peer = { chain: [leaf("DNS:alice")], fault: "CRL_HAS_EXPIRED" };
  expect(() => new ClientCertificates(anyCa).authenticate(AUTH, peer)).toThrow(
    expect.objectContaining({ code: "PN_AUTH_UNAVAILABLE", retryable: true }),
  );
});

test("without a CA, logins by certificate are refused and no certificate is requested", () => {
  const clients = new ClientCertificates(anyCa);
  const peer = { chain: [leaf("DNS:alice")], fault: undefined };
  const principal = clients.authenticate(AUTH, peer);
  clients.replace(undefined);
  expect(principal.isAccepted()).toBe(false);
  expect(clients.clientCa).toBeUndefined();
  expect(() => clients.authenticate(AUTH, peer)).toThrow(expect.objectContaining({ code: "PN_AUTH_REFUSED" }));
});
