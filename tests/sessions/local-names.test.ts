import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { needs, needsRoot, POSTERN_BIN, Program, scratchFolder, TEST_KEY, writeKeys } from "@postern/testkit";

/** Addresses without machines. Packets to them are lost without a refusal. */
const SILENT = ["198.51.100.8", "198.51.100.9"] as const;
const OURS = "192.0.2.1";
/** Longer than the delay before the next attempt, in seconds, but shorter than the second until TCP retransmits. */
const A_WHILE = 0.7;

/** This also works without root if the kernel allows user namespaces. */
const UNSHARE = ["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"];

/**
 * Returns the response to a visitor of a service whose name has these addresses. All processes run in one network
 * namespace.
 * @param late - An address that is added after a delay.
 */
async function visited(context: TestContext, addresses: readonly string[], late = "192.0.2.2"): Promise<string> {
  needs(context, "ip");
  needs(context, "curl");
  needsRoot(context);
  const folder = scratchFolder(onTestFinished);
  const [hosts, keys, log, setup] = ["hosts", "keys", "log", "setup"].map((name) => join(folder, name));
  const names = [...addresses.map((address) => `${address} service.test`), `${OURS} tunnel.test`];
  writeFileSync(hosts!, `${names.join("\n")}\n`);
  writeKeys(keys!, { tests: TEST_KEY });
  const postern = `"${process.execPath}" "${POSTERN_BIN}"`;
  const service = `require("node:http").createServer((_, answer) => answer.end("hello")).listen(3000, "0.0.0.0")`;
  writeFileSync(
    setup!,
    `set -e
mount --bind "${hosts}" /etc/hosts
ip link set lo up
ip address add ${OURS}/32 dev lo
ip route add 198.51.100.0/24 dev lo
"${process.execPath}" -e '${service}' &
${postern} server --listen 0.0.0.0:8080 --domain tunnel.test --api-keys-file "${keys}" >>"${log}" 2>&1 &
until grep -q 0.0.0.0 "${log}"; do sleep 0.05; done
NO_PROXY="*" POSTERN_API_KEY="${TEST_KEY}" ${postern} http service.test:3000 --server http://tunnel.test:8080 --subdomain web >>"${log}" 2>&1 &
until grep -q web.tunnel.test "${log}"; do sleep 0.05; done
(sleep ${A_WHILE}; ip address add ${late}/32 dev lo) &
exec curl --noproxy '*' --silent --include --max-time 15 --connect-to ::${OURS}:8080 http://web.tunnel.test:8080/
`,
  );
  const visit = new Program(onTestFinished, "unshare", { args: [...UNSHARE, "sh", setup!] });
  await visit.ends(0);
  return visit.stdout;
}

test("a service is reached at the address that accepts connections", async (context) => {
  expect(await visited(context, [SILENT[0], OURS])).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nhello$/);
});

test("a slow address of a service is not abandoned for one that never responds", async (context) => {
  expect(await visited(context, SILENT, SILENT[0])).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nhello$/);
});
