// @peculiar/x509 requires that this import comes first.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type JsonGeneralName,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const SUBTLE = webcrypto.subtle;
/** @peculiar/x509 uses the browser's types of Web Crypto; Node declares its own. */
type KeyPair = Parameters<typeof X509CertificateGenerator.createSelfSigned>[0]["keys"];
const DAY = 86_400_000;

/** A certificate and its key, in PEM. */
export interface DevCertificate {
  certificate: string;
  key: string;
}

/** Makes a certificate authority for development, valid for ten years. */
export async function createDevCa(): Promise<DevCertificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(3_650),
    name: "CN=Postern development CA",
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await exported(keys.privateKey) };
}

/** Issues a server certificate for these names and addresses. */
export function issueServerCertificate(ca: DevCertificate, names: readonly string[]): Promise<DevCertificate> {
  const alternatives = names.map((value): JsonGeneralName => ({
    type: /^[\d.]+$|:/.test(value) ? "ip" : "dns",
    value,
  }));
  return issue(ca, names[0] as string, [
    new SubjectAlternativeNameExtension(alternatives),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
  ]);
}

/** Issues a client certificate that logs in as `owner`. */
export function issueClientCertificate(ca: DevCertificate, owner: string): Promise<DevCertificate> {
  return issue(ca, owner, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
}

async function issue(ca: DevCertificate, name: string, extensions: Extension[]): Promise<DevCertificate> {
  const issuer = new X509Certificate(ca.certificate);
  const keyBytes = PemConverter.decodeFirst(ca.key);
  const signingKey = (await SUBTLE.importKey("pkcs8", keyBytes, ALGORITHM, false, ["sign"])) as unknown;
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    ...validity(90),
    subject: [{ CN: [name] }],
    issuer: issuer.subject,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: signingKey as KeyPair["privateKey"],
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...extensions,
    ],
  });
  return { certificate: pem(certificate), key: await exported(keys.privateKey) };
}

function validity(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  // Valid since yesterday, for clocks that are slow. The first bit of a serial number is its sign, which must be
  // positive (RFC 5280, section 4.1.2.2).
  const serial = randomBytes(16);
  serial[0] = (serial.readUInt8(0) & 0x7f) | 0x40;
  return { serialNumber: serial.toString("hex"), notBefore: new Date(now - DAY), notAfter: new Date(now + days * DAY) };
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

async function newKeys(): Promise<KeyPair> {
  return (await SUBTLE.generateKey(ALGORITHM, true, ["sign", "verify"])) as unknown as KeyPair;
}

async function exported(key: KeyPair["privateKey"]): Promise<string> {
  const bytes = await SUBTLE.exportKey("pkcs8", key as unknown as webcrypto.CryptoKey);
  return `${PemConverter.encode(bytes, "PRIVATE KEY")}\n`;
}
