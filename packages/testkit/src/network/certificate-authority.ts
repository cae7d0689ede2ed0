import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { CertificateFiles } from "./certificate.js";
import type { Defer } from "../cleanup.js";
import { scratchFolder } from "../scratch-folder.js";

const DAY = 86_400_000;

export interface IssueOptions {
  /** Subject alternative names. The first is also the common name. */
  names: string[];
  /** Lifetime in days from now; negative for an expired certificate. Default 2. */
  days?: number;
  /** The end of the lifetime instead of `days`, in whole seconds. */
  until?: Date;
  /** Default `ec`. `weak-rsa` has the exponent 1, so that anyone can forge its signatures. */
  algorithm?: "ec" | "rsa" | "ed25519" | "weak-rsa";
  /** Encrypts the key. */
  passphrase?: string;
}

/** A certificate authority for one test or file. It needs openssl, from the first use on. */
export class CertificateAuthority {
  readonly #folder: string;
  readonly #name: string;
  #exists = false;
  #issued = 0;

  constructor(defer: Defer, name = "test CA") {
    this.#folder = scratchFolder(defer);
    this.#name = name;
  }

  /** The path of its certificate, PEM. */
  get certificate(): string {
    this.#create();
    return join(this.#folder, "ca.pem");
  }

  issue({ names, days = 2, until, algorithm = "ec", passphrase }: IssueOptions): CertificateFiles {
    this.#create();
    const name = `leaf-${(this.#issued += 1)}`;
    const secret = passphrase === undefined ? ["-nodes"] : ["-passout", `pass:${passphrase}`];
    if (algorithm === "weak-rsa") writeFileSync(join(this.#folder, `${name}.key`), weakKey());
    this.#openssl(
      "req",
      "-new",
      ...(algorithm === "weak-rsa" ? ["-key", `${name}.key`] : keyOptions(algorithm)),
      ...secret,
      "-subj",
      `/CN=${names[0]}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    const kinds = names.map((each) =>
      isIP(each) > 0 ? `IP:${each}` : each.includes("@") ? `email:${each}` : `DNS:${each}`,
    );
    writeFileSync(join(this.#folder, `${name}.ext`), `subjectAltName=${kinds.join(",")}\n`);
    const end = until ?? new Date(Date.now() + days * DAY);
    if (until === undefined && days >= 0) this.#sign(name, days);
    else this.#signUntil(name, end);
    return { certificate: join(this.#folder, `${name}.pem`), key: join(this.#folder, `${name}.key`) };
  }

  /** Revokes these certificates and returns the path of the revocation list. */
  revoke(...certificates: CertificateFiles[]): string {
    this.#create();
    for (const { certificate } of certificates)
      this.#openssl("ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-revoke", certificate);
    this.#openssl("ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-gencrl", "-out", "ca.crl");
    return join(this.#folder, "ca.crl");
  }

  #create(): void {
    if (this.#exists) return;
    this.#exists = true;
    const ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    this.#openssl(
      "req",
      "-x509",
      ...keyOptions("ec"),
      "-nodes",
      "-subj",
      `/CN=${this.#name}`,
      ...ca,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "3",
    );
    writeFileSync(join(this.#folder, "index.txt"), "");
    writeFileSync(join(this.#folder, "crlnumber"), "01\n");
    writeFileSync(
      join(this.#folder, "ca.cnf"),
      "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\ncrlnumber = crlnumber\nunique_subject = no\ndefault_md = sha256\ndefault_crl_days = 2\n",
    );
  }

  #sign(name: string, days: number): void {
    const issuer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`];
    this.#openssl("x509", "-req", "-in", `${name}.csr`, ...issuer, "-days", String(days), "-out", `${name}.pem`);
  }

  #signUntil(name: string, end: Date): void {
    // `openssl ca` is the only command that accepts times instead of days in every version of OpenSSL.
    writeFileSync(join(this.#folder, "serial"), `${(1000 + this.#issued).toString(16).padStart(4, "0")}\n`);
    const config = join(this.#folder, "times.cnf");
    if (!existsSync(config))
      writeFileSync(
        config,
        "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\nunique_subject = no\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n",
      );
    this.#openssl(
      "ca",
      "-batch",
      "-config",
      "times.cnf",
      "-cert",
      "ca.pem",
      "-keyfile",
      "ca.key",
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.pem`,
      "-notext",
      "-extfile",
      `${name}.ext`,
      "-startdate",
      utc(new Date(Math.min(end.getTime(), Date.now()) - DAY)),
      "-enddate",
      utc(end),
    );
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
  }
}

function keyOptions(algorithm: "ec" | "rsa" | "ed25519"): string[] {
  if (algorithm === "rsa") return ["-newkey", "rsa:2048"];
  if (algorithm === "ed25519") return ["-newkey", "ed25519"];
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
}

/** A private RSA key with the exponent 1, PEM. */
function weakKey(): string {
  const jwk = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey.export({ format: "jwk" });
  const one = "AQ";
  const key = createPrivateKey({ key: { ...jwk, e: one, d: one, dp: one, dq: one }, format: "jwk" });
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

/** YYYYMMDDHHMMSSZ. */
function utc(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}
