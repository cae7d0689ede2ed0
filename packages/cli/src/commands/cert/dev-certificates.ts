// @peculiar/x509 needs it to be there before itself.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import {
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
/** The same two keys: @peculiar/x509 means a browser's types of Web Crypto, and Node declares its own. */
type KeyPair = Parameters<typeof X509CertificateGenerator.createSelfSigned>[0]["keys"];
const DAY = 86_400_000;

/** A certificate and its key, PEM. */
export interface DevCertificate {
  certificate: string;
  key: string;
}

/** A certificate authority for trying things out: whoever trusts it trusts whoever has its key. */
export async function createDevAuthority(): Promise<DevCertificate> {
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

/** A server's certificate for these names and addresses. */
export function issueServerCertificate(authority: DevCertificate, names: readonly string[]): Promise<DevCertificate> {
  const alternatives = names.map((value): JsonGeneralName => ({
    type: /^[\d.]+$|:/.test(value) ? "ip" : "dns",
    value,
  }));
  return issue(authority, names[0] as string, [
    new SubjectAlternativeNameExtension(alternatives),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
  ]);
}

/** A client's certificate: `owner` is who logs in with it. */
export function issueClientCertificate(authority: DevCertificate, owner: string): Promise<DevCertificate> {
  return issue(authority, owner, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
}

async function issue(authority: DevCertificate, name: string, extensions: Extension[]): Promise<DevCertificate> {
  const issuer = new X509Certificate(authority.certificate);
  const keyBytes = PemConverter.decodeFirst(authority.key);
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
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...extensions,
    ],
  });
  return { certificate: pem(certificate), key: await exported(keys.privateKey) };
}

function validity(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  // A clock that is a little behind may see it, too. The first bit of a serial number is its sign.
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
