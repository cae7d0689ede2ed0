import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { needs, postern, type Program } from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";

interface DemoEvent {
  type: string;
  data: { public_url?: string };
}

function startDemo(...args: string[]): Program {
  return postern(onTestFinished, ["demo", "--json", ...args]);
}

function publicUrl(demo: Program): Promise<string> {
  return demo.waitFor("the public URL", () =>
    demo.stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as DemoEvent)
      .map(({ data }) => data?.public_url)
      .find((url) => url !== undefined),
  );
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? "";
}

test(
  "the demo page in a browser shows its request, clock and echo, without messages in the console",
  { timeout: 120_000 },
  async (context) => {
    needs(context, "chromium");
    const demo = startDemo();
    const url = await publicUrl(demo);
    const { page, complaints } = await openPage(onTestFinished, await openBrowser(onTestFinished));

    const answer = await page.goto(url);
    expect(answer?.status()).toBe(200);
    expect(await textOf(page, "body")).toContain(new URL(url).host);
    expect(await textOf(page, "dl.fields")).toMatch(/x-forwarded-for/i);

    // More than one tick, which shows that the events are streamed.
    await page.locator("#ticks", { hasText: /^[3-9] ticks|^\d\d+ ticks/ }).waitFor();

    await page.fill("#words", "hello through the gate");
    await page.press("#words", "Enter");
    // The page lists only messages that the echo has returned.
    await page.locator("#echoes li", { hasText: /hello through the gate.*ms/ }).waitFor();

    await page.click("#ask");
    await page.locator("#asked", { hasText: /\d/ }).waitFor();
    expect(complaints).toEqual([]);

    // On the narrowest phones, nothing is wider than the screen, and no word of a command is broken.
    await page.setViewportSize({ width: 320, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(await page.evaluate("document.querySelector('pre').scrollWidth")).toBeLessThan(320);
    const lines = "new Set([...document.querySelectorAll('.word')].map((word) => word.offsetHeight)).size";
    expect(await page.evaluate(lines)).toBe(1);

    // The clock and the echo that are open in the browser must not delay the end of the demo.
    await demo.terminate();
  },
);

test("the demo with --once sends one request and exits", async () => {
  const demo = startDemo("--once");
  await demo.ends(0);
  expect(demo.stderr).toMatch(/http:\/\/[a-z-]+\.localhost:\d+/);
});
