import { join } from "node:path";
import type { Settings } from "../settings.ts";
import type { Stage } from "../stage.ts";

/** Files of a server certificate for 127.0.0.1 and the names below localhost. */
export interface Certificate {
  /** The certificate of the authority that signed it. */
  ca: string;
  certificate: string;
  key: string;
}

export async function makeCertificate(stage: Stage, settings: Settings): Promise<Certificate> {
  const folder = stage.folder("certificates");
  const maker = stage.run("cert-dev", process.execPath, [
    settings.postern,
    "cert",
    "dev",
    folder,
    "--domain",
    "localhost",
  ]);
  if ((await maker.exited) !== 0) throw new Error(maker.obituary());
  return { ca: join(folder, "ca.pem"), certificate: join(folder, "server.pem"), key: join(folder, "server.key") };
}
