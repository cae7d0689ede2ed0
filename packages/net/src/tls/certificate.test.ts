import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, type CertificateFiles } from "@postern/testkit";
import { readCertificate, type Certificate, type CertificatePem } from "./certificate.js";
import { Certificates } from "./certificates.js";
import { checkTrustPem } from "./trust.js";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
beforeEach((context) => needs(context, "openssl"));
afterAll(() => cleanup.run());

function pem({ certificate, key }: CertificateFiles, more: Partial<CertificatePem> = {}): CertificatePem {
  return { certificate: readFileSync(certificate), key: readFileSync(key), ...more };
}

const issue = (...names: string[]): Certificate => readCertificate(pem(ca.issue({ names })));

test.for(["ec", "rsa", "ed25519"] as const)("%s keys and their certificates", (algorithm) => {
  const { names, notAfter, key } = readCertificate(pem(ca.issue({ names: ["A.example", "*.b.example"], algorithm })));
  expect(names).toEqual(["a.example", "*.b.example"]);
  expect(notAfter.getTime()).toBeGreaterThan(Date.now());
  expect(key).toContain("BEGIN PRIVATE KEY");
});

test("an encrypted key needs its passphrase", () => {
  const files = ca.issue({ names: ["a.example"], passphrase: "open sesame" });
  expect(readCertificate(pem(files, { passphrase: "open sesame" })).key).not.toContain("ENCRYPTED");
  expect(() => readCertificate(pem(files))).toThrow(/encrypted.*key_passphrase/);
  expect(() => readCertificate(pem(files, { passphrase: "wrong" }))).toThrow(/passphrase is wrong/);
});

describe("unusable files cause errors that suggest a fix", () => {
  test("a key of another certificate", () => {
    const [one, other] = [ca.issue({ names: ["a.example"] }), ca.issue({ names: ["a.example"] })];
    expect(() => readCertificate(pem({ certificate: one.certificate, key: other.key }))).toThrow(/is not the key of/);
  });

  test("an expired certificate, and one that is not valid yet", () => {
    expect(() => readCertificate(pem(ca.issue({ names: ["a.example"], days: -1 })))).toThrow(/expired on .* Renew it/);
    const now = Date.now() - 30 * 86_400_000;
    expect(() => readCertificate(pem(ca.issue({ names: ["a.example"] })), now)).toThrow(/Check the clock/);
  });

  test("an RSA key whose signatures anyone can forge, in a certificate and in a CA", () => {
    const weak = ca.issue({ names: ["a.example"], algorithm: "weak-rsa" });
    const forgeable = readFileSync(weak.certificate, "utf8");
    const why = /RSA exponent is 1, so anyone can forge its signatures/;
    expect(() => readCertificate(pem(weak))).toThrow(why);
    expect(() => checkTrustPem({ ca: forgeable }, { ca: "ca.pem", crl: "" })).toThrow(why);
    const cas = readFileSync(ca.certificate, "utf8") + forgeable;
    expect(() => checkTrustPem({ ca: cas }, { ca: "ca.pem", crl: "" })).toThrow(why);
  });

  test("files of another kind, without their content in the message", () => {
    const files = ca.issue({ names: ["a.example"] });
    const swapped = { certificate: files.key, key: files.certificate };
    expect(() => readCertificate(pem(swapped))).toThrow(/does not contain a certificate/);
    expect(() => readCertificate(pem(files, { key: "canary-secret" }))).toThrow(/does not contain a private key/);
    expect(() => readCertificate(pem(files, { key: "canary-secret" }))).not.toThrow(/canary/);
    expect(() => checkTrustPem({ ca: "x" }, { ca: "ca.pem", crl: "" })).toThrow(/ca\.pem does not contain a CA/);
    expect(() => checkTrustPem({ crl: "x" }, { ca: "", crl: "a.crl" })).toThrow(
      /a\.crl does not contain a revocation list/,
    );
  });
});

describe("the certificate for a name", () => {
  const shown = (certificates: Certificates, name: string | undefined): unknown => certificates.contextFor(name);

  test("an exact name takes precedence over a wildcard, and a wildcard over the first certificate", () => {
    const certificates = new Certificates([issue("base.example"), issue("*.base.example"), issue("own.base.example")]);
    const [base, wild, own] = ["base.example", "any.base.example", "own.base.example"].map((name) =>
      shown(certificates, name),
    );
    expect(new Set([base, wild, own]).size).toBe(3);
    expect(shown(certificates, undefined)).toBe(base);
    expect(shown(certificates, "foreign.example")).toBe(base);
  });

  test("a certificate that is rejected leaves the others unchanged", () => {
    const certificates = new Certificates([issue("a.example")]);
    const before = shown(certificates, "a.example");
    const good = issue("b.example");
    expect(() => certificates.replace([good, { ...good, key: "nonsense" }])).toThrow();
    expect(shown(certificates, "a.example")).toBe(before);
    expect(certificates.notAfter.getTime()).toBeGreaterThan(Date.now());
  });
});

test("the CA of the tests is a CA", () => {
  expect(new X509Certificate(readFileSync(ca.certificate)).ca).toBe(true);
});
