import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Defer } from "../cleanup.js";
import { scratchFolder } from "../scratch-folder.js";

/** Paths of two PEM files. */
export interface CertificateFiles {
  certificate: string;
  key: string;
}

/**
 * Creates a self-signed certificate for localhost and web.localhost. It has no wildcard, because TLS clients reject one
 * directly below a top-level domain. Needs openssl.
 */
export function makeCertificate(defer: Defer): CertificateFiles {
  const folder = scratchFolder(defer);
  const certificate = join(folder, "cert.pem");
  const key = join(folder, "key.pem");
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:web.localhost"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", certificate, "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...names, ...files], { stdio: "ignore" });
  return { certificate, key };
}
