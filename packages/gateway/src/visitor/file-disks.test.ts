import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DISK, type FileSystem, type OnRead } from "../files/disk/file-system.js";
import { SecretFiles, SharedDisk, type FileFault } from "../files/index.js";
import { Site } from "./file-visits.suite.js";

const SECRET = "the secret";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a disk", () => {
  test("that does not respond holds up no other folder, no file in memory, and at most 3 threads", async () => {
    let running = 0;
    let most = 0;
    const stuck: { resolve: () => void }[] = [];
    let isStuck = false;
    const stat: FileSystem["stat"] = async (path) => {
      if (!isStuck) return DISK.stat(path);
      running++;
      most = Math.max(most, running);
      const { promise, resolve } = Promise.withResolvers<void>();
      stuck.push({ resolve });
      await promise;
      running--;
      return DISK.stat(path);
    };
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n}.txt`, String(n)]));
    const slow = new Site(files, { fileSystem: { ...DISK, stat } });
    const other = new Site({ "a.txt": "one" });
    await slow.get("/0.txt");
    isStuck = true;
    const waiting = Array.from({ length: 9 }, (_, n) => slow.root.load(`/${n + 1}.txt`));
    expect((await slow.get("/0.txt")).body).toBe("0");
    expect((await other.get("/a.txt")).body).toBe("one");
    expect({ running, most }).toEqual({ running: 3, most: 3 });
    isStuck = false;
    for (const { resolve } of stuck) resolve();
    expect((await Promise.all(waiting)).filter((found) => typeof found === "string")).toEqual([]);
  });

  test("that takes longer than a second is asked once a second, and not for every request", async () => {
    let looks = 0;
    const stat: FileSystem["stat"] = (path) => {
      looks++;
      site.visit.clock.pass(1_500);
      return DISK.stat(path);
    };
    const site: Site = new Site({ "a.bin": "one" }, { fileSystem: { ...DISK, stat } });
    const get = (): ReturnType<Site["get"]> => site.get("/a.bin");
    expect((await get()).body).toBe("one");
    const first = looks;
    for (let n = 0; n < 3; n++) expect((await get()).body).toBe("one");
    expect(looks).toBe(first);
    site.visit.clock.pass(1_000);
    await get();
    expect(looks).toBeGreaterThan(first);
  });

  test("that is stuck keeps no visitor that has left", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stat: FileSystem["stat"] = (path) => promise.then(() => DISK.stat(path));
    const site = new Site({ more: "file" }, { fileSystem: { ...DISK, stat } });
    const visits = Array.from({ length: 10 }, () => site.visitor("/more"));
    const lookUp = site.root.lookUp("/more", { onFound() {} });
    expect(lookUp.waiting).toBe(11);
    for (const visit of visits) visit.connection.arrive("end");
    expect(lookUp.waiting).toBe(1);
    const stays = site.get("/more");
    resolve();
    expect(await stays).toMatchObject({ status: 200, body: "file" });
  });

  test("that stays stuck keeps a bounded number of requests waiting; further ones get 503 until it responds", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stat: FileSystem["stat"] = (path) => promise.then(() => DISK.stat(path));
    const site = new Site({ more: "file" }, { fileSystem: { ...DISK, stat } });
    for (let n = 0; n < 64 + 4_096; n++) void site.root.load(`/${n}`);
    expect(await site.get("/more")).toMatchObject({
      status: 503,
      fields: { "postern-error": "PN_FILE_UNREADABLE", "retry-after": "5" },
    });
    resolve();
    await site.root.load("/0");
    expect(await site.get("/more")).toMatchObject({ status: 200, body: "file" });
  });

  test("that stays stuck while too many wait hides compressed twins, until it responds", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isStuck = false;
    const stat: FileSystem["stat"] = (path) => (isStuck ? promise : Promise.resolve()).then(() => DISK.stat(path));
    const site = new Site({ "a.txt": "plain", "a.txt.gz": "twin" }, { fileSystem: { ...DISK, stat } });
    const encoding = async (): Promise<string | undefined> => {
      const { status, fields } = await site.get("/a.txt", "Accept-Encoding: gzip\r\n");
      expect(status).toBe(200);
      return fields["content-encoding"];
    };
    expect((await site.get("/a.txt")).body).toBe("plain");
    isStuck = true;
    for (let n = 0; n < 64 + 4_096; n++) void site.root.load(`/${n}`);
    expect(await encoding()).toBeUndefined();
    isStuck = false;
    resolve();
    await site.root.load("/4159");
    expect(await encoding()).toBe("gzip");
  });

  test("that does not respond for one folder leaves room for others, whose secrets may be on it", async () => {
    const stuck = new Set<string>();
    let running = 0;
    let most = 0;
    const stat: FileSystem["stat"] = async (path) => {
      if ([...stuck].some((folder) => path.toString().startsWith(folder))) {
        most = Math.max(most, ++running);
        await new Promise(() => {});
      }
      return DISK.stat(path);
    };
    const disk = new SharedDisk({ ...DISK, stat });
    const [now, patience] = [(): number => other.visit.clock.now(), 10];
    const secrets = new SecretFiles({ paths: [], disk, now, patience });
    const slow: Site = new Site({ "a.txt": "one", "key.pem": SECRET }, { disk, secrets });
    const other: Site = new Site({ "a.txt": "one", "b.txt": "two", "other.pem": SECRET }, { disk, secrets });
    secrets.replace([join(slow.directory, "key.pem"), join(other.directory, "other.pem")]);
    expect((await slow.get("/a.txt")).body).toBe("one");
    stuck.add(slow.directory);
    slow.visit.clock.pass(1_000);
    for (let n = 0; n < 10; n++) void slow.root.load(`/${n}`);
    for (let n = 0; n < 3; n++) {
      other.visit.clock.pass(1_000);
      expect((await other.get("/b.txt")).body).toBe("two");
    }
    expect((await other.get("/other.pem")).status).toBe(404);
    expect({ running, most }).toEqual({ running: 2, most: 2 });
  });

  test.for<[string, number]>([
    ["EACCES", 404],
    ["EPERM", 404],
    ["EIO", 503],
    ["EMFILE", 503],
  ])("that fails with %s tells the owner, and the visitor gets %i without a path", async ([code, status]) => {
    const faults: FileFault[] = [];
    const open: FileSystem["open"] = () => Promise.reject(Object.assign(new Error(code), { code }));
    const onFault = (fault: FileFault): void => void faults.push(fault);
    const site = new Site({ "a.txt": "one", "b.txt": "two" }, { fileSystem: { ...DISK, open }, onFault });
    const response = await site.get("/a.txt");
    expect(response.status).toBe(status);
    expect(response.body).not.toMatch(/a\.txt|postern-files|EACCES|EPERM|EIO|EMFILE/);
    await site.get("/b.txt");
    expect(faults).toEqual([{ path: join(site.directory, "a.txt"), code }]);
  });

  test("that fails while a file is sent cuts the response", async () => {
    let reads = 0;
    const read: FileSystem["read"] = (fd, buffer, length, position, done: OnRead) => {
      if (++reads < 3) DISK.read(fd, buffer, length, position, done);
      else setImmediate(() => done(Object.assign(new Error("EIO"), { code: "EIO" }), 0));
    };
    const site = new Site({ "big.bin": Buffer.alloc(2_000_000) }, { fileSystem: { ...DISK, read } });
    await site.get("/big.bin");
    expect(site.visit.connection.state).toBe("reset");
  });

  test("without the served folder tells the owner once a second", async () => {
    const faults: FileFault[] = [];
    const site = new Site({ "a.txt": "one" }, { onFault: (fault) => void faults.push(fault) });
    site.remove("");
    expect((await site.get("/a.txt")).status).toBe(404);
    expect((await site.get("/b.txt")).status).toBe(404);
    while (faults.length === 0) await nextTurn();
    expect(faults).toEqual([{ path: site.directory, code: "ENOENT" }]);
    site.write("a.txt", "new");
    site.visit.clock.pass(1_000);
    expect((await site.get("/a.txt")).body).toBe("new");
  });
});
