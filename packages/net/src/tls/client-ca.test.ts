import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeEach, expect, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, type CertificateFiles } from "@postern/testkit";
import { ClientCa } from "./client-ca.js";
import { derElements } from "./der.js";
import { RevocationList } from "./revocation-list.js";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
beforeEach((context) => needs(context, "openssl"));
afterAll(() => cleanup.run());

const read = ({ certificate }: Pick<CertificateFiles, "certificate">): X509Certificate =>
  new X509Certificate(readFileSync(certificate));
const text = (file: string): string => readFileSync(file, "utf8");

test("a list contains the revoked certificates, and no others", () => {
  const [good, bad, worse] = ["a", "b", "c"].map((name) => ca.issue({ names: [`${name}.example`] })) as [
    CertificateFiles,
    CertificateFiles,
    CertificateFiles,
  ];
  const none = new RevocationList(text(ca.revoke()), "a.crl");
  expect([good, bad, worse].map((each) => none.has(read(each).raw))).toEqual([false, false, false]);
  const list = new RevocationList(text(ca.revoke(bad, worse)), "a.crl");
  expect([good, bad, worse].map((each) => list.has(read(each).raw))).toEqual([false, true, true]);
  expect(list.has(read(ca).raw)).toBe(false);
});

test("invalid lists are TlsErrors, for any bytes", () => {
  expect(() => new RevocationList("x", "a.crl")).toThrow(/a\.crl does not contain a revocation list/);
  const der = Buffer.from(/CRL-----([^-]+)/.exec(text(ca.revoke()))?.[1] ?? "", "base64");
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (at, value, length) => {
      const bytes = Buffer.from(der).subarray(0, length);
      if (at < bytes.length) bytes[at] = value;
      const pem = `-----BEGIN X509 CRL-----\n${bytes.toString("base64")}\n-----END X509 CRL-----`;
      try {
        new RevocationList(pem, "a.crl");
      } catch (error) {
        expect((error as Error).message).toContain("a.crl");
      }
    }),
  );
});

test("lengths beyond the end are errors", () => {
  for (const bytes of [[0x30], [0x30, 5, 0], [0x30, 0x80], [0x30, 0x85, 1, 1, 1, 1, 1], [0x30, 0x82, 1]])
    expect(() => derElements(Buffer.from(bytes))).toThrow(RangeError);
  expect(derElements(Buffer.from([2, 1, 7, 5, 0])).map(({ tag, content }) => [tag, content.length])).toEqual([
    [2, 1],
    [5, 0],
  ]);
});

test("a chain is accepted while its CA is, and no certificate in it is revoked", () => {
  const leaf = ca.issue({ names: ["alice"] });
  const chain = [read(leaf), read(ca)];
  const other = new CertificateAuthority(cleanup.defer);
  expect(new ClientCa({ ca: text(ca.certificate) }).accepts(chain)).toBe(true);
  expect(new ClientCa({ ca: text(other.certificate) }).accepts(chain)).toBe(false);
  expect(new ClientCa({ ca: text(other.certificate) + text(ca.certificate) }).accepts(chain)).toBe(true);
  const revoked = new ClientCa({ ca: text(ca.certificate), crl: text(ca.revoke(leaf)) });
  expect(revoked.accepts(chain)).toBe(false);
  expect(revoked.accepts([read(ca.issue({ names: ["bob"] })), read(ca)])).toBe(true);
});
