import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Defer } from "../cleanup.js";

/** Which packets of a link get lost. */
export type Loss = "both ways" | "on the way in" | "on the way out";

let made = 0;

/**
 * A machine of its own, as far as the network is concerned: its processes see one link, to this one, and the link can be cut without either
 * end being told. Needs root, `ip` and `nft`.
 */
export class NetworkNamespace {
  readonly name: string;
  /** Our address at the link, as the namespace reaches us. */
  readonly host: string;
  /** Its own address at the link. */
  readonly address: string;

  private constructor(name: string, subnet: number) {
    this.name = name;
    // 198.18.0.0/15 is for tests of networks (RFC 2544).
    const network = `198.19.${subnet >> 6}`;
    const first = (subnet & 63) * 4;
    this.host = `${network}.${first + 1}`;
    this.address = `${network}.${first + 2}`;
  }

  static create(defer: Defer): NetworkNamespace {
    made += 1;
    // Test processes run side by side, and each may make several.
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

  /** What stands before a command that is to run in it. The process that is started is the command's own. */
  get prefix(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** From now on packets are lost; nobody is told, and no connection is closed. */
  cut(loss: Loss): void {
    for (const [hook, lost] of [
      ["input", loss !== "on the way out"],
      ["output", loss !== "on the way in"],
    ] as const) {
      if (!lost) continue;
      this.#nft("add", "table", "inet", "cut");
      this.#nft("add", "chain", "inet", "cut", hook, `{ type filter hook ${hook} priority 0; policy accept; }`);
      this.#nft("add", "rule", "inet", "cut", hook, hook === "input" ? "iifname" : "oifname", "link0", "drop");
    }
  }

  /** Packets come through again. */
  heal(): void {
    this.#nft("delete", "table", "inet", "cut");
  }

  /** Its processes ask this name server, and no other. */
  useNameServer(address: string): void {
    const folder = join("/etc/netns", this.name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "resolv.conf"), `nameserver ${address}\noptions timeout:1 attempts:1\n`);
    writeFileSync(join(folder, "nsswitch.conf"), "hosts: files dns\n");
  }

  #nft(...args: string[]): void {
    run("ip", "netns", "exec", this.name, "nft", ...args);
  }

  #remove(): void {
    // The link goes with it.
    run("ip", "netns", "delete", this.name);
    rmSync(join("/etc/netns", this.name), { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"] });
}
