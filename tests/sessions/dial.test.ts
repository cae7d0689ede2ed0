import { readFileSync, writeFileSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import {
  ClientProcess,
  needs,
  needsRoot,
  POSTERN_BIN,
  scratchFolder,
  TEST_KEY,
  until,
  writeKeys,
} from "@postern/testkit";

const PORT = 8080;
/** Addresses without machines. Packets to them are lost without a refusal. */
const SILENT = ["198.51.100.8", "198.51.100.9"] as const;
/** An address of this machine, and one in a network without a route. */
const [OURS, UNKNOWN_NETWORK] = ["192.0.2.1", "2001:db8:1::1"];

/** This also works without root if the kernel allows user namespaces. */
const UNSHARE = ["unshare", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"];
/** Disables the second attempt. */
const ONE_ATTEMPT = { POSTERN_RECONNECT: "no", NO_PROXY: "*" };

/** A client in a network namespace where `tunnel.test` has these addresses. */
class Machine {
  readonly client: ClientProcess;
  readonly #folder = scratchFolder(onTestFinished);

  /** @param server - Whether a server runs there too. */
  constructor(test: TestContext, addresses: readonly string[], { server = true, env = {} } = {}) {
    needs(test, "ip");
    needsRoot(test);
    const [hosts, keys, log, setup] = ["hosts", "keys", "server.log", "setup"].map((name) => join(this.#folder, name));
    writeFileSync(hosts!, addresses.map((each) => `${each} tunnel.test\n`).join(""));
    writeKeys(keys!, { tests: TEST_KEY });
    const command = `"${process.execPath}" "${POSTERN_BIN}" server --listen 0.0.0.0:${PORT} --domain tunnel.test`;
    const start = `${command} --api-keys-file "${keys}" >"${log}" 2>&1 &
until grep -q 0.0.0.0 "${log}"; do sleep 0.05; done`;
    writeFileSync(
      setup!,
      `set -e
mount --bind "${hosts}" /etc/hosts
ip link set lo up
ip address add ${OURS}/32 dev lo
ip route add 198.51.100.0/24 dev lo
(until [ -e "${this.#folder}/awake" ]; do sleep 0.05; done; ip address add ${SILENT[0]}/32 dev lo) &
${server ? start : ""}
exec "$@"
`,
    );
    this.client = ClientProcess.launch(onTestFinished, {
      server: { url: `http://tunnel.test:${PORT}` },
      target: 9,
      prefix: [...UNSHARE, "sh", setup!],
      env: { ...ONE_ATTEMPT, ...env },
    });
  }

  /** Whether a connection to `address` has been requested, and neither accepted nor refused. */
  isDialling(address: string): boolean {
    // In /proc, an address is the number that the machine reads from its four bytes, and 02 is SYN_SENT.
    const bytes = address.split(".").map(Number);
    if (endianness() === "LE") bytes.reverse();
    const remote = `${Buffer.from(bytes).toString("hex")}:${PORT.toString(16).padStart(4, "0")}`.toUpperCase();
    return readFileSync(`/proc/${this.client.pid}/net/tcp`, "utf8").includes(` ${remote} 02 `);
  }

  /** Adds the first silent address to the machine. */
  wake(): void {
    writeFileSync(join(this.#folder, "awake"), "");
  }
}

test("a name whose first addresses are dead is reached at its live address in the first attempt", async (context) => {
  const { client } = new Machine(context, [...SILENT, OURS]);
  await client.event("tunnel_established");
});

test("an address in an unreachable network causes no failure", async (context) => {
  const { client } = new Machine(context, [UNKNOWN_NETWORK, OURS]);
  await client.event("tunnel_established");
});

test("a slow address is not abandoned when the next one is tried", async (context) => {
  const machine = new Machine(context, SILENT);
  await until("both addresses to be tried", () => SILENT.every((address) => machine.isDialling(address)));
  machine.wake();
  await machine.client.event("tunnel_established");
});

test("when no address is reachable, the error lists each address and its error, and the client ends in time", async (context) => {
  const env = { POSTERN_TUNNEL_ENDPOINT_CONNECTION_TIMEOUT: "1500ms" };
  const { client } = new Machine(context, [...SILENT, OURS, UNKNOWN_NETWORK], { server: false, env });
  await client.program.ends(4);
  const { message, data } = await client.event("connection_failure");
  expect(data).toMatchObject({ code: "PN_SERVER_UNREACHABLE", retryable: true });
  for (const silent of SILENT) expect(message).toContain(`${silent}:${PORT}: timed out`);
  expect(message).toContain(`${OURS}:${PORT}: ECONNREFUSED, nothing listens on this port`);
  expect(message).toMatch(/\[2001:db8:1::1\]:8080: E\w+, there is no route to this (host|network)/);
});
