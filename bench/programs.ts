import { accessSync, constants } from "node:fs";

/** Programs that rows use, and the Debian package of each. */
export const PACKAGES = { nginx: "nginx-light", wrk: "wrk", strace: "strace", ip: "iproute2", tc: "iproute2" } as const;

export type Program = keyof typeof PACKAGES;

export function isInstalled(program: Program): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** How to install the programs that are missing; undefined when all are installed. */
export function missingPrograms(programs: Iterable<Program>): string | undefined {
  const missing = [...new Set(programs)].filter((program) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map((program) => PACKAGES[program]))];
  return `${missing.join(" and ")} not found. On Debian: apt-get install ${packages.join(" ")}`;
}
