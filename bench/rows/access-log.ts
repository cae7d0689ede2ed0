import { setTimeout } from "node:timers/promises";
import { AccessLog } from "../../packages/gateway/dist/access-log/access-log.js";
import { RequestFacts } from "../../packages/gateway/dist/exchange/request-facts.js";
import { RequestHead } from "../../packages/gateway/dist/http/request-head.js";
import { LineWriter } from "../../packages/cli/dist/access-log/line-writer.js";
import { LogFiles } from "../../packages/cli/dist/reporting/log-files.js";
import { line, verdict, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";

const SECONDS = 2;
const BAR = 1_500;
/** Requests of different visitors, whose heads are read before each measurement. */
const REQUESTS = 256;
/** Requests in one turn of the event loop, about 30,000 in a second. */
const BLOCK = 32;
/** The size at which the file is rotated. */
const MOST_BYTES = 64e6;

/** Logs requests that are over, into a real file, without the gateway. */
export const accessLog: Row = {
  name: "access-log",
  about: "a line of the access log alone, ns for each request",
  needs: [],
  limit: (settings) => 60 + 8 * duration(settings, SECONDS),
  run: async (stage, settings) => {
    const lines: Line[] = [];
    for (const format of ["json", "combined"] as const) {
      const folder = stage.folder(`access-log-${format}`);
      let dropped = 0;
      const files = new LogFiles({
        folder,
        name: "access",
        maxBytes: MOST_BYTES,
        retentionDays: 0,
        onFailure() {},
        onDropped: (text) => (dropped += text.split("\n").length - 1),
      });
      const sink = { lines: (text: string): boolean => (files.lines(text), true) };
      const writer = new LineWriter({ sink, name: format, onWarning() {} });
      const log = new AccessLog({ format, output: "" }, writer).of(() => ({ route: "/*", target: "127.0.0.1:3000" }));
      const time = await measure(settings, requests(), (request) => log.add(request, 0));
      writer.flush();
      await files.close();
      lines.push(
        line({
          measure: `access log: ${format}`,
          product: `${time.toFixed(0)} ns`,
          bar: `≤ ${BAR} ns`,
          result: verdict(time <= BAR),
          raw: { time, lines: writer.lines, dropped },
        }),
      );
    }
    return lines;
  },
};

/**
 * Nanoseconds of this thread for each request, with the writing of its line: the CPU time of turns in which so many
 * requests end as in those of a busy gateway, without that of empty turns.
 */
async function measure(
  settings: Settings,
  all: readonly RequestFacts[],
  add: (request: RequestFacts) => void,
): Promise<number> {
  const run = async (seconds: number, each: (request: RequestFacts) => void): Promise<number> => {
    const [started, before] = [performance.now(), process.threadCpuUsage()];
    let calls = 0;
    while (performance.now() - started < seconds * 1_000) {
      for (let n = 0; n < BLOCK; n++) each(all[calls++ % all.length]!);
      await setTimeout(1);
    }
    const { user, system } = process.threadCpuUsage(before);
    return ((user + system) * 1_000) / calls;
  };
  const seconds = duration(settings, SECONDS);
  await run(seconds, add);
  const nothing = await run(seconds / 2, () => {});
  return (await run(seconds, add)) - nothing;
}

function requests(): RequestFacts[] {
  return Array.from({ length: REQUESTS }, (_, n) => {
    const head = new RequestHead();
    const bytes = Buffer.from(
      [
        `GET /articles/2026/11/page-${n}.html HTTP/1.1`,
        "Host: www.example.com",
        `User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (n % 8)}.0) Gecko/20100101 Firefox/${100 + (n % 8)}.0`,
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: en-US,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br",
        `Referer: https://www.example.com/articles/${n % 32}`,
        "Connection: keep-alive",
        "",
        "",
      ].join("\r\n"),
    );
    head.read(bytes, 0, bytes.length);
    const facts = new RequestFacts(head, { address: `192.0.2.${n}`, principal: undefined, traceId: "" });
    facts.id = `0123456789-${n.toString(36)}`;
    facts.status = 200;
    facts.startedAt = 1_000;
    facts.endedAt = 1_003.456;
    return facts;
  });
}
