import { createHash } from "node:crypto";
import type { RequestListener, ServerResponse } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  ChatOrigin,
  claimPort,
  Cleanup,
  makeCertificate,
  needs,
  Origin,
  patternStream,
  Published,
  ServerProcess,
  startTlsProxy,
  until,
  type SkippableTest,
} from "@postern/testkit";
import { openBrowser, openPage, type OpenPage } from "../open-page.ts";

const MIB = 1024 * 1024;

const cleanup = new Cleanup();
let server: ServerProcess;
let shared: Browser | undefined;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

/** The browser that all tests of this file share. */
async function browserOf(context: SkippableTest): Promise<Browser> {
  needs(context, "chromium");
  return (shared ??= await openBrowser(cleanup.defer));
}

/** Publishes an origin with a page at `/` and `routes` for all other paths, and opens the page. */
async function openSite(
  context: SkippableTest,
  routes: RequestListener,
  html = "",
): Promise<OpenPage & { origin: Origin }> {
  const browser = await browserOf(context);
  const origin = await startSite(routes, html);
  const published = await Published.start(onTestFinished, origin.port, { server });
  const opened = await openPage(onTestFinished, browser);
  await opened.page.goto(published.url("/"));
  return { ...opened, origin };
}

function startSite(routes: RequestListener, html = ""): Promise<Origin> {
  const page = `<!doctype html><html lang="en"><title>site</title><link rel="icon" href="data:,">${html}</html>`;
  return Origin.start(onTestFinished, (incoming, outgoing) => {
    if (incoming.url === "/") outgoing.writeHead(200, { "content-type": "text/html" }).end(page);
    else routes(incoming, outgoing);
  });
}

/** Returns the length and the hash of the request's body. */
const receipt: RequestListener = (incoming, outgoing) => {
  const hash = createHash("sha256");
  let bytes = 0;
  incoming.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  incoming.on("end", () => outgoing.end(`${bytes} ${hash.digest("hex")}`));
};

describe("a browser", () => {
  test("a page with two hundred resources loads completely", async (context) => {
    const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
    const parts = numbers.map(
      (n) => `<script src="/part/${n}.js"></script><img alt="" width="9" src="/part/${n}.svg">`,
    );
    const serve: RequestListener = ({ url = "" }, outgoing) => {
      const [, n = "", type] = /^\/part\/(\d+)\.(js|svg)$/.exec(url) ?? [];
      if (type === "js") {
        outgoing.setHeader("content-type", "text/javascript");
        return outgoing.end(`window.sum += ${n}; // ${"x".repeat(Number(n) * 400)}`);
      }
      outgoing.setHeader("content-type", "image/svg+xml");
      return outgoing.end(`<svg xmlns="http://www.w3.org/2000/svg" width="${n}" height="1"></svg>`);
    };
    const { page, complaints, origin } = await openSite(
      context,
      serve,
      `<script>window.sum = 0</script>${parts.join("")}`,
    );
    await page.waitForLoadState("load");
    const sums = await page.evaluate(() => ({
      scripts: (window as unknown as { sum: number }).sum,
      images: Array.from(document.images, ({ naturalWidth }) => naturalWidth).reduce((sum, width) => sum + width, 0),
    }));
    expect(sums).toEqual({ scripts: 5050, images: 5050 });
    expect(origin.requests.filter(({ url }) => url !== "/")).toHaveLength(200);
    expect(complaints).toEqual([]);
  });

  test("server-sent events arrive as they are sent, and a broken stream resumes where it ended", async (context) => {
    const resumed: (string | undefined)[] = [];
    const streams: ServerResponse[] = [];
    const { page } = await openSite(context, (incoming, outgoing) => {
      resumed.push(incoming.headers["last-event-id"] as string | undefined);
      outgoing.writeHead(200, { "content-type": "text/event-stream" });
      outgoing.write("retry: 50\n\n");
      streams.push(outgoing);
    });
    await page.evaluate(() => {
      const received: string[] = [];
      Object.assign(window, { received });
      new EventSource("/events").addEventListener("message", ({ lastEventId, data }) =>
        received.push(`${lastEventId}: ${data}`),
      );
    });
    for (let number = 1; number <= 6; number += 1) {
      // The origin ends the stream after every second event, and the browser reconnects by itself.
      const stream = await until("a listener", () => streams[Math.ceil(number / 2) - 1]);
      stream.write(`id: ${number}\ndata: news ${number}\n\n`);
      await page.waitForFunction(
        (last) => (window as unknown as { received: string[] }).received.at(-1) === last,
        `${number}: news ${number}`,
      );
      if (number % 2 === 0) stream.end();
    }
    await until("the browser to reconnect once more", () => resumed.length === 4);
    expect(resumed).toEqual([undefined, "2", "4", "6"]);
  });

  test("WebSocket: text, a megabyte of bytes, and close codes from both sides", async (context) => {
    const chat = await ChatOrigin.start(onTestFinished);
    const room = await Published.start(onTestFinished, chat.origin.port, { server });
    const { page } = await openSite(context, (_, outgoing) => outgoing.writeHead(404).end());
    const received = await page.evaluate(
      async (url) => {
        const enter = async (): Promise<WebSocket> => {
          const socket = new WebSocket(url);
          socket.binaryType = "arraybuffer";
          await new Promise((resolve) => socket.addEventListener("open", resolve));
          return socket;
        };
        const next = (socket: WebSocket): Promise<string | ArrayBuffer> =>
          new Promise((resolve) =>
            socket.addEventListener("message", ({ data }) => resolve(data as string | ArrayBuffer), { once: true }),
          );
        const [speaker, listener] = [await enter(), await enter()];
        Object.assign(window, { listener });
        const text = next(listener);
        speaker.send("grüezi ☕");
        const message = await text;
        const bytes = next(listener);
        const megabyte = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 7) % 251);
        speaker.send(megabyte);
        const got = new Uint8Array((await bytes) as ArrayBuffer);
        speaker.close(4001, "enough");
        return [message, got.length, got.every((byte, index) => byte === megabyte[index])];
      },
      room.url("/").replace("http:", "ws:"),
    );
    expect(received).toEqual(["grüezi ☕", MIB, true]);

    await until("the speaker to leave", () => chat.room.size === 1);
    const farewell = page.evaluate(
      () =>
        new Promise((resolve) =>
          (window as unknown as { listener: WebSocket }).listener.addEventListener(
            "close",
            ({ code, reason, wasClean }) => resolve([code, reason, wasClean]),
          ),
        ),
    );
    // Ensures that the page listens before the close is sent.
    await page.evaluate(() => true);
    for (const guest of chat.room) guest.close(4002, "closing time");
    expect(await farewell).toEqual([4002, "closing time", true]);
  });

  test("an upload of twenty megabytes arrives unchanged", async (context) => {
    const { page } = await openSite(context, receipt);
    const [sent, received] = await page.evaluate(async () => {
      const body = new Uint8Array(20 * 1024 * 1024).map((_, index) => (index * 31) % 253);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
      const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const response = await fetch("/upload", { method: "PUT", body });
      return [`${body.length} ${hash}`, await response.text()];
    });
    expect(received).toBe(sent);
  });

  test("a download can be read while it arrives", async (context) => {
    let goOn = (): void => {};
    const { page, origin } = await openSite(context, (incoming, outgoing) => {
      if (incoming.url === "/go-on") {
        outgoing.end();
        return goOn();
      }
      outgoing.write("first");
      goOn = () => patternStream(5 * MIB).pipe(outgoing);
    });
    // The origin sends the rest only after the page has confirmed the beginning.
    const bytes = await page.evaluate(async () => {
      const reader = (await fetch("/slow")).body!.getReader();
      let read = (await reader.read()).value!.length;
      await fetch("/go-on");
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) read += piece.value.length;
      return read;
    });
    expect(bytes).toBe("first".length + 5 * MIB);
    expect(origin.requests.map(({ url }) => url)).toEqual(["/", "/slow", "/go-on"]);
  });

  test("a request that the page aborts ends at the origin", async (context) => {
    const { page, origin } = await openSite(context, () => {});
    await page.evaluate(() => {
      const control = new AbortController();
      Object.assign(window, { control });
      fetch("/never", { signal: control.signal }).catch(() => {});
    });
    await until("the request to arrive", () => origin.last.url === "/never");
    await page.evaluate(() => (window as unknown as { control: AbortController }).control.abort());
    await until("the origin to notice", () => origin.last.aborted);
  });

  test("behind nginx with HTTP/2: the pieces of a streamed upload arrive one by one", async (context) => {
    needs(context, "nginx", "openssl");
    let arrived = "";
    const origin = await startSite((incoming, outgoing) => {
      if (incoming.url === "/arrived") return void outgoing.end(arrived);
      incoming.on("data", (chunk: Buffer) => (arrived += chunk.toString()));
      incoming.on("end", () => outgoing.end("thanks"));
      return undefined;
    });
    const page = await openBehindProxy(await browserOf(context), origin);
    const response = await page.evaluate(async () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const upload = fetch("/upload", { method: "POST", body: readable, duplex: "half" } as RequestInit);
      const writer = writable.getWriter();
      for (const word of ["one", "two", "three"]) {
        await writer.write(new TextEncoder().encode(word));
        // The next piece is written only after this one has reached the origin.
        while (!(await (await fetch("/arrived")).text()).endsWith(word)) {}
      }
      await writer.close();
      return (await upload).text();
    });
    expect([response, arrived]).toEqual(["thanks", "onetwothree"]);
    expect(origin.last.headers).toMatchObject({ "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1" });
  });

  async function openBehindProxy(browser: Browser, origin: Origin): Promise<Page> {
    const port = await claimPort();
    const args = ["--public-url", `https://localhost:${port}`, "--trusted-proxies", "127.0.0.1"];
    const hidden = await ServerProcess.start(onTestFinished, { args });
    await startTlsProxy(onTestFinished, port, hidden.port, makeCertificate(onTestFinished));
    const published = await Published.start(onTestFinished, origin.port, { server: hidden });
    const { page } = await openPage(onTestFinished, browser, { ignoreHTTPSErrors: true });
    await page.goto(published.url("/"));
    return page;
  }
});

describe("the server's own pages", () => {
  const NARROW = { width: 320, height: 600 };

  async function expectReadable(
    context: SkippableTest,
    url: string,
    status: number,
    colorScheme: "light" | "dark",
  ): Promise<void> {
    const options = { viewport: NARROW, colorScheme };
    const { page, complaints } = await openPage(onTestFinished, await browserOf(context), options);
    expect((await page.goto(url))?.status()).toBe(status);
    expect(await page.title()).toContain(String(status));
    const seen = await page.evaluate(() => ({
      width: document.documentElement.scrollWidth,
      rounded: getComputedStyle(document.querySelector("main")!).borderRadius,
      background: getComputedStyle(document.body).backgroundColor,
    }));
    expect(seen.width).toBe(NARROW.width);
    // The style sheet was applied.
    expect(seen.rounded).not.toBe("0px");
    expect(seen.background).toBe(colorScheme === "dark" ? "rgb(20, 23, 28)" : "rgb(246, 247, 249)");
    expect(complaints.filter((text) => !text.includes(`status of ${status}`))).toEqual([]);
  }

  test("for an unknown name: readable on a phone, without violations of the page's content security policy", async (context) => {
    await expectReadable(context, `http://nobody.localhost:${server.port}/`, 404, "light");
  });

  test("for a service that is down: the same in dark mode", async (context) => {
    const dead = await Published.start(onTestFinished, await claimPort(), { server });
    await expectReadable(context, dead.url("/"), 502, "dark");
  });
});
