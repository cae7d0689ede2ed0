import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { ClientProcess, needs, needsRoot, POSTERN_BIN, scratchFolder, TEST_KEY, writeKeys } from "@postern/testkit";

const PORT = 8080;
/** A network of whose machines none is there: what is sent to it vanishes, without a refusal. */
const SILENT = ["198.51.100.8", "198.51.100.9"] as const;
/** An address of this machine, and one that it has not. */
const [OURS, UNKNOWN_NETWORK] = ["192.0.2.1", "2001:db8:1::1"];

/** Also without being root, where the kernel lets users have namespaces. */
const UNSHARE = ["unshare", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"];
/** What fails is not tried again. */
const ONE_ATTEMPT = { POSTERN_RECONNECT: "no", NO_PROXY: "*" };

/** A client on a machine with a network and names of its own: `tunnel.test` has these addresses. */
class Machine {
  readonly client: ClientProcess;
  readonly #folder = scratchFolder(onTestFinished);

  /** @param server whether a server runs there, too. */
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

  /** From now on the first of the silent addresses is there. */
  wake(): void {
    writeFileSync(join(this.#folder, "awake"), "");
  }
}

test("a name whose first addresses are dead is reached at the one that lives, in the first attempt", async (context) => {
  const { client } = new Machine(context, [...SILENT, OURS]);
  await client.event("tunnel_established");
});

test("a network that this machine cannot reach costs nothing", async (context) => {
  const { client } = new Machine(context, [UNKNOWN_NETWORK, OURS]);
  await client.event("tunnel_established");
});

test("an address that takes longer than the next one is tried after is not given up", async (context) => {
  const machine = new Machine(context, SILENT);
  await machine.client.event("connection_attempt");
  // Longer than an attempt is alone; the system's own next try comes after a second.
  await new Promise((resolve) => setTimeout(resolve, 700));
  machine.wake();
  await machine.client.event("tunnel_established");
});

test("where none lives, it says what each has said, and ends in time", async (context) => {
  const env = { POSTERN_TUNNEL_ENDPOINT_CONNECTION_TIMEOUT: "1500ms" };
  const { client } = new Machine(context, [...SILENT, OURS, UNKNOWN_NETWORK], { server: false, env });
  await client.program.ends(4);
  const { message, data } = await client.event("connection_failure");
  expect(data).toMatchObject({ code: "PN_SERVER_UNREACHABLE", retryable: true });
  for (const silent of SILENT) expect(message).toContain(`${silent}:${PORT}: no answer`);
  expect(message).toContain(`${OURS}:${PORT}: ECONNREFUSED, nothing listens there`);
  expect(message).toMatch(/\[2001:db8:1::1\]:8080: E\w+, there is no way to (it|its network)/);
});
