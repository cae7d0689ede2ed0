import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Defer } from "../cleanup.js";

/** The packets of a link that are lost. */
export type Loss = "in both directions" | "inbound" | "outbound";

let made = 0;

/**
 * A network namespace with one link to this machine. The link can be cut without either end being notified. Needs root,
 * `ip` and `nft`.
 */
export class NetworkNamespace {
  readonly name: string;
  /** This machine's address on the link. */
  readonly host: string;
  /** The namespace's address on the link. */
  readonly address: string;

  private constructor(name: string, subnet: number) {
    this.name = name;
    // 198.18.0.0/15 is reserved for network tests (RFC 2544).
    const network = `198.19.${subnet >> 6}`;
    const first = (subnet & 63) * 4;
    this.host = `${network}.${first + 1}`;
    this.address = `${network}.${first + 2}`;
  }

  static create(defer: Defer): NetworkNamespace {
    made += 1;
    // Test processes run in parallel, and each may create several namespaces.
    const subnet = (process.pid * 16 + made) % 16_384;
    const name = `pt${process.pid}-${made}`;
    const namespace = new NetworkNamespace(name, subnet);
    const near = `pt${process.pid % 100_000}-${made}`;
    run("ip", "netns", "add", name);
    defer(async () => namespace.#remove());
    run("ip", "link", "add", near, "type", "veth", "peer", "name", "link0", "netns", name);
    run("ip", "address", "add", `${namespace.host}/30`, "dev", near);
    run("ip", "link", "set", near, "up");
    run("ip", "-n", name, "address", "add", `${namespace.address}/30`, "dev", "link0");
    for (const link of ["lo", "link0"]) run("ip", "-n", name, "link", "set", link, "up");
    return namespace;
  }

  /** The prefix that runs a command in the namespace. The started process is the command itself. */
  get prefix(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** Drops packets from now on, silently: no connection is closed. */
  cut(loss: Loss): void {
    for (const [hook, lost] of [
      ["input", loss !== "outbound"],
      ["output", loss !== "inbound"],
    ] as const) {
      if (!lost) continue;
      this.#nft("add", "table", "inet", "cut");
      this.#nft("add", "chain", "inet", "cut", hook, `{ type filter hook ${hook} priority 0; policy accept; }`);
      this.#nft("add", "rule", "inet", "cut", hook, hook === "input" ? "iifname" : "oifname", "link0", "drop");
    }
  }

  /** Stops dropping packets. */
  heal(): void {
    this.#nft("delete", "table", "inet", "cut");
  }

  /** Returns an address to which all packets are lost: a connection to it is neither accepted nor refused. */
  addBlackhole(): string {
    // 203.0.113.0/24 is reserved for documentation (RFC 5737). No interface has the hardware address.
    const lost = "203.0.113.1";
    run("ip", "-n", this.name, "route", "add", lost, "dev", "link0");
    run("ip", "-n", this.name, "neighbour", "add", lost, "lladdr", "02:00:00:00:00:01", "dev", "link0");
    return lost;
  }

  /** Replaces the hosts file of the processes in the namespace. */
  useHosts(hosts: Record<string, readonly string[]>): void {
    const lines = Object.entries(hosts).flatMap(([host, addresses]) => addresses.map((each) => `${each} ${host}\n`));
    this.#configure("hosts", lines.join(""));
  }

  /** Makes `address` the only name server of the processes in the namespace. */
  useNameServer(address: string): void {
    this.#configure("resolv.conf", `nameserver ${address}\noptions timeout:1 attempts:1\n`);
    this.#configure("nsswitch.conf", "hosts: files dns\n");
  }

  /** Replaces a file of /etc for the processes in the namespace. */
  #configure(file: string, text: string): void {
    const folder = join("/etc/netns", this.name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), text);
  }

  #nft(...args: string[]): void {
    run("ip", "netns", "exec", this.name, "nft", ...args);
  }

  #remove(): void {
    // This removes the link too.
    run("ip", "netns", "delete", this.name);
    rmSync(join("/etc/netns", this.name), { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"] });
}
