import type { Browser } from "playwright-core";
import { afterAll, expect, onTestFinished, test } from "vitest";
import {
  ClientProcess,
  Cleanup,
  needs,
  Origin,
  postern,
  ServerProcess,
  type Program,
  type SkippableTest,
} from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";
import { buildViteApp } from "./vite-app.ts";
import { CLIP_SECONDS, seek, webmClip } from "./webm-clip.ts";

const cleanup = new Cleanup();
let prepared: Promise<{ browser: Browser; dist: string }> | undefined;
afterAll(() => cleanup.run());

/** The browser and the built application, which both tests use. */
function prepare(context: SkippableTest): NonNullable<typeof prepared> {
  needs(context, "chromium");
  return (prepared ??= (async () => {
    const browser = await openBrowser(cleanup.defer);
    const origin = await Origin.start(cleanup.defer, (_, outgoing) => outgoing.end());
    const { page } = await openPage(cleanup.defer, browser);
    await page.goto(`http://127.0.0.1:${origin.port}/`);
    return { browser, dist: await buildViteApp(cleanup.defer, await webmClip(page)) };
  })());
}

/** Uses the application at `url` as a visitor does, then without the program that serves it. */
async function useApp(browser: Browser, url: string, program: Program): Promise<void> {
  const { page, complaints } = await openPage(onTestFinished, browser);
  const parts: string[] = [];
  page.on("response", (response) => {
    if (!response.url().endsWith("/clip.webm")) return;
    parts.push(`${response.status()} ${response.headers()["content-range"]}`);
  });
  const expectPage = async (path: string): Promise<void> => {
    await page.waitForFunction((text) => document.querySelector("main")?.textContent === text, `page of ${path}`);
    const seen = await page.evaluate(async () => {
      const image = document.querySelector("img")!;
      await image.decode();
      return [getComputedStyle(document.querySelector("main")!).color, image.naturalWidth];
    });
    expect(seen).toEqual(["rgb(1, 2, 3)", 7]);
  };

  await page.goto(`${url}/users/7`);
  await expectPage("/users/7");
  for (const second of [CLIP_SECONDS - 2, 3])
    expect(await seek(page, second)).toEqual({ time: second + 0.5, shown: second });
  expect(await page.evaluate(() => document.querySelector("video")!.duration)).toBe(CLIP_SECONDS);
  // The browser never reads the whole clip: it requests the beginning, and what it needs from the middle of the file.
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.filter((part) => !part.startsWith("206 bytes "))).toEqual([]);
  expect(parts.some((part) => !part.startsWith("206 bytes 0-"))).toBe(true);
  // A browser aborts the request of a part when it seeks to another one.
  expect(complaints.filter((text) => !text.endsWith("clip.webm failed: net::ERR_ABORTED"))).toEqual([]);

  await page.evaluate(() => navigator.serviceWorker.ready);
  await program.terminate();
  await expect(fetch(url)).rejects.toThrow();
  await page.goto(`${url}/offline`);
  await expectPage("/offline");
}

test("a browser uses an application built with Vite from `postern serve`: pages, a video that seeks, and a service worker", async (context) => {
  const { browser, dist } = await prepare(context);
  const program = postern(onTestFinished, ["serve", dist, "--spa", "--listen", "127.0.0.1:0"]);
  const [url = ""] = await program.waitFor(
    "the address",
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(program.stdout) ?? undefined,
  );
  await useApp(browser, url, program);
});

test("the same through a tunnel to `postern http ./dist`", async (context) => {
  const { browser, dist } = await prepare(context);
  const server = await ServerProcess.start(onTestFinished);
  const client = await ClientProcess.start(onTestFinished, { server, target: dist, args: ["--spa"] });
  await useApp(browser, client.url.origin, server.program);
});
