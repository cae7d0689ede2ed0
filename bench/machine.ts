import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** The machine and the versions of the programs, in one line. */
export function describeMachine(): string {
  const cores = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB of memory`;
  const congestion = read("/proc/sys/net/ipv4/tcp_congestion_control");
  const parts = [
    `${cores.length} cores (${cores[0]?.model.trim() ?? "unknown"}), ${memory}`,
    `Linux ${read("/proc/sys/kernel/osrelease").split("-")[0]}, TCP ${congestion}`,
    `Node ${process.version.slice(1)}`,
    version("nginx", ["-v"], /nginx\/([\d.]+)/, "nginx"),
    version("wrk", ["-v"], /^wrk \S*?([\d.]+)/, "wrk"),
    version("git", ["describe", "--always", "--dirty=+changes"], /^(\S+)/, "commit"),
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function version(command: string, args: string[], pattern: RegExp, label: string): string {
  // Some programs print their version on standard error and exit with a failure.
  let text = "";
  try {
    const cwd = fileURLToPath(new URL(".", import.meta.url));
    text = execFileSync("sh", ["-c", '"$@" 2>&1; true', "sh", command, ...args], { encoding: "utf8", cwd });
  } catch {
    return "";
  }
  const found = pattern.exec(text);
  return found ? `${label} ${found[1]}` : "";
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "unknown";
  }
}
