import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import {
  inheritedEnvironment,
  needs,
  POSTERN_BIN,
  Program,
  scratchFolder,
  TEST_KEY,
  writeKeys,
  type ClientEvent,
} from "@postern/testkit";

const PORT = 8080;
/** A network of whose machines none is there: what is sent to it vanishes, without a refusal. */
const SILENT = ["198.51.100.8", "198.51.100.9"] as const;
/** An address of this machine, and one that it has not. */
const [OURS, UNKNOWN_NETWORK] = ["192.0.2.1", "2001:db8:1::1"];

/** A machine with a network and names of its own: `tunnel.test` has `addresses`, in this order where the family is the same. */
class Machine {
  readonly program: Program;
  readonly #folder: string;

  constructor(test: TestContext, addresses: readonly string[], client: Record<string, string> = {}, server = true) {
    needs(test, "ip");
    // Of util-linux; without being root it needs a kernel that lets users have namespaces.
    if (spawnSync("unshare", [...UNSHARE, "true"]).status !== 0) {
      const note = "not allowed here: unshare --net --mount";
      process.stderr.write(`SKIPPED, ${note}\n`);
      test.skip(note);
    }
    this.#folder = scratchFolder(onTestFinished);
    writeFileSync(join(this.#folder, "hosts"), addresses.map((each) => `${each} tunnel.test\n`).join(""));
    writeKeys(join(this.#folder, "keys"), { tests: TEST_KEY });
    const listen = ["--listen", `0.0.0.0:${PORT}`, "--domain", "tunnel.test", "--api-keys-file", "keys"];
    const script = `
set -e
mount --bind hosts /etc/hosts
ip link set lo up
ip address add ${OURS}/32 dev lo
ip route add 198.51.100.0/24 dev lo
(until [ -e go ]; do sleep 0.05; done; ip address add ${SILENT[0]}/32 dev lo) &
${server ? `"$NODE" "$POSTERN" server ${listen.join(" ")} >server.log 2>&1 &` : ""}
${server ? "until grep -q 0.0.0.0 server.log; do sleep 0.05; done" : ""}
exec "$NODE" "$POSTERN" http 9 --server http://tunnel.test:${PORT} --json
`;
    this.program = new Program(onTestFinished, "unshare", {
      args: [...UNSHARE, "sh", "-c", script],
      cwd: this.#folder,
      env: inheritedEnvironment({
        NODE: process.execPath,
        POSTERN: POSTERN_BIN,
        POSTERN_API_KEY: TEST_KEY,
        NO_PROXY: "*",
        ...client,
      }),
    });
  }

  event(type: string): Promise<ClientEvent> {
    return this.program.waitFor(`event ${type}`, () => this.events.find((event) => event.type === type));
  }

  get events(): ClientEvent[] {
    const whole = this.program.stdout.slice(0, this.program.stdout.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ClientEvent);
  }

  /** From now on the first of the silent addresses is there. */
  wake(): void {
    writeFileSync(join(this.#folder, "go"), "");
  }
}

const UNSHARE = ["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"];
const ONE_ATTEMPT = { POSTERN_RECONNECT: "no" };

test("a name whose first addresses are dead is reached at the one that lives, in the first attempt", async (context) => {
  const machine = new Machine(context, [...SILENT, OURS], ONE_ATTEMPT);
  await machine.event("tunnel_established");
});

test("a network that this machine cannot reach costs nothing", async (context) => {
  const machine = new Machine(context, [UNKNOWN_NETWORK, OURS], ONE_ATTEMPT);
  await machine.event("tunnel_established");
});

test("an address that takes longer than the next one is tried after is not given up", async (context) => {
  const machine = new Machine(context, SILENT, ONE_ATTEMPT);
  await machine.event("connection_attempt");
  // Longer than an attempt is alone; the network's own next try comes after a second.
  await new Promise((resolve) => setTimeout(resolve, 700));
  machine.wake();
  await machine.event("tunnel_established");
});

test("where none lives, it says what each has said, and ends in time", async (context) => {
  const env = { ...ONE_ATTEMPT, POSTERN_TUNNEL_ENDPOINT_CONNECTION_TIMEOUT: "1500ms" };
  const machine = new Machine(context, [...SILENT, OURS, UNKNOWN_NETWORK], env, false);
  await machine.program.ends(4);
  const { message, data } = await machine.event("connection_failure");
  expect(data).toMatchObject({ code: "PN_SERVER_UNREACHABLE", retryable: true });
  for (const silent of SILENT) expect(message).toContain(`${silent}:${PORT}: no answer`);
  expect(message).toContain(`${OURS}:${PORT}: ECONNREFUSED, nothing listens there`);
  expect(message).toMatch(/\[2001:db8:1::1\]:8080: E\w+, there is no way to (it|its network)/);
});
