import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import {
  FileCache,
  FileRoot,
  SecretFiles,
  SharedDisk,
  type FileRootDependencies,
  type FilesOptions,
} from "../files/index.js";
import type { FileSystem } from "../files/disk/file-system.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { FilesRoute, PathEdit } from "../route.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { Visit } from "./visits.suite.js";

/** A response as its visitor received it. */
export interface Received {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SiteOptions extends Partial<FilesOptions>, FileRootDependencies {
  readonly pathEdit?: PathEdit;
  /** Those of the route. */
  readonly steps?: Steps;
  readonly secrets?: SecretFiles;
  readonly cache?: FileCache;
  /** The calls to the disk. Default: those of this machine. */
  readonly fileSystem?: FileSystem;
}

const START = new FakeClock().now();

/** A folder on the disk, and a visitor whose requests go to it. */
export class Site {
  readonly directory = mkdtempSync(join(tmpdir(), "postern-files-"));
  readonly root: FileRoot;
  /** The current visitor. A visitor whose connection was closed is followed by another one. */
  visit: Visit;
  readonly #route: FilesRoute;
  /** The end of each request: status, how it ended, and bytes of its body. */
  readonly finished: string[] = [];

  /** @param files contents by path */
  constructor(files: Readonly<Record<string, string | Buffer>>, options: SiteOptions = {}) {
    onTestFinished(() => rmSync(this.directory, { recursive: true, force: true }));
    for (const [path, content] of Object.entries(files)) this.write(path, content);
    const {
      pathEdit,
      steps,
      secrets = new SecretFiles({ paths: [] }),
      cache = new FileCache(),
      fileSystem,
      ...rest
    } = options;
    this.root = new FileRoot({ directory: this.directory, ...rest }, cache, secrets, {
      wallClock: () => Date.now() + this.visit.clock.now() - START,
      now: () => this.visit.clock.now(),
      ...(fileSystem && { disk: new SharedDisk(fileSystem) }),
      ...rest,
    });
    onTestFinished(() => this.root.close());
    this.#route = {
      kind: "files",
      root: this.root,
      pathEdit,
      ...(steps && { steps }),
      onFinished: ({ status, ended, bytesOut }) => this.finished.push(`${status} ${ended} ${bytesOut}`),
    };
    this.visit = new Visit({}, () => this.#route);
  }

  /** Another visitor, who asks for `target` and reads nothing. */
  visitor(target: string, lines = ""): Visit {
    const visit = new Visit({}, () => this.#route);
    visit.connection.takes = false;
    visit.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    return visit;
  }

  /** As `visitor`. Resolves when the response has begun. */
  async stalled(target: string, lines = ""): Promise<Visit> {
    const visit = this.visitor(target, lines);
    const { connection } = visit;
    while (connection.unsent === 0 && connection.state === "open")
      await new Promise((resolve) => setImmediate(resolve));
    return visit;
  }

  write(path: string, content: string | Buffer): void {
    const full = join(this.directory, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }

  /** Sets when a file was modified. */
  date(path: string, modified: Date): void {
    utimesSync(join(this.directory, path), modified, modified);
  }

  /** Lets time pass until the files are no longer young. */
  settle(): void {
    this.visit.clock.pass(3_000);
  }

  remove(path: string): void {
    rmSync(join(this.directory, path), { recursive: true });
  }

  /** The response to a request. @param lines field lines, each ended by CRLF */
  async get(target: string, lines = "", method = "GET"): Promise<Received> {
    if (this.visit.connection.state !== "open") this.visit = new Visit({}, () => this.#route);
    const { connection } = this.visit;
    const count = this.finished.length;
    this.visit.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    while (this.finished.length === count && connection.state === "open")
      await new Promise((resolve) => setImmediate(resolve));
    return received(connection.take());
  }
}

/** Reads one response. */
export function received(text: string): Received {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const fields: Record<string, string> = {};
  for (const each of lines) {
    const colon = each.indexOf(": ");
    fields[each.slice(0, colon).toLowerCase()] = each.slice(colon + 2);
  }
  return { status: Number(line.split(" ")[1]), fields, body: text.slice(end + 4) };
}
