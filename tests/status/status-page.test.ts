import { mkdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { claimPort, ClientProcess, exchange, needs, Origin, scratchFolder, ServerProcess } from "@postern/testkit";
import { openBrowser, openPage } from "../open-page.ts";
import { LocalApi } from "./local-api.ts";

/** With this variable, the test saves pictures of the page there. */
const { POSTERN_PICTURES: pictures } = process.env;

test(
  "the link that the client prints opens a page with its status, requests and events; without the token it shows nothing",
  { timeout: 120_000 },
  async (context) => {
    needs(context, "chromium");
    const server = await ServerProcess.start(onTestFinished);
    const origin = await Origin.start(onTestFinished, ({ url }, outgoing) => {
      outgoing.statusCode = url?.startsWith("/missing") === true ? 404 : 200;
      outgoing.end("hello");
    });
    const env = { XDG_RUNTIME_DIR: scratchFolder(onTestFinished) };
    // A port of its own: after the end of the client, the client of another test could have its port.
    const args = ["--local-api", `127.0.0.1:${await claimPort()}`];
    const options = { server, target: origin.port, subdomain: "seen", env, args };
    const client = await ClientProcess.start(onTestFinished, options);
    await exchange(server.port, { host: client.host, path: "/before" });
    await client.event("http_request");
    const api = await LocalApi.of(client, env);
    const browser = await openBrowser(onTestFinished);
    const { page, complaints } = await openPage(onTestFinished, browser, { viewport: { width: 1280, height: 800 } });

    await page.goto(api.pageUrl);
    await page.locator("#state", { hasText: "healthy" }).waitFor();
    await page.locator(".requests .path", { hasText: "/before" }).waitFor();
    expect(page.url()).toBe(`${api.url}/`);
    expect(await page.locator("[data-url]").getAttribute("href")).toMatch(/^http:\/\/seen\.localhost/);
    expect(await page.locator("[data-local]").textContent()).toBe(`localhost:${origin.port}`);
    await exchange(server.port, { host: client.host, path: "/missing?<b>x</b>" });
    await page.locator(".requests li", { hasText: "/missing?<b>x</b>" }).waitFor();
    await page.locator("#events", { hasText: "seen.localhost" }).waitFor();

    // The same tab keeps the token, and nothing on the page is wider than a small phone.
    await page.setViewportSize({ width: 360, height: 740 });
    await page.reload();
    await page.locator(".requests .path", { hasText: "/before" }).waitFor();
    for (const width of [360, 1_280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      if (pictures === undefined) continue;
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: `${pictures}/status-${width}.png`, fullPage: true });
    }
    // The reload ended the stream of events.
    expect(complaints.filter((each) => !each.includes("ERR_ABORTED"))).toEqual([]);
    expect(await page.evaluate(() => document.cookie)).toBe("");

    const stranger = await openPage(onTestFinished, browser);
    await stranger.page.goto(api.url);
    await stranger.page.locator("#locked").waitFor();
    expect(await stranger.page.locator("#unlocked").isVisible()).toBe(false);
    expect(stranger.complaints).toEqual([]);
    // The same page gets another link: only its fragment changes.
    await stranger.page.goto(`${api.url}/#token=wrong`);
    await stranger.page.locator("#state", { hasText: "no token" }).waitFor();
    expect(await stranger.page.locator("#unlocked").isVisible()).toBe(false);
    if (pictures !== undefined) await stranger.page.screenshot({ path: `${pictures}/locked.png` });
    await stranger.page.goto(api.pageUrl);
    await stranger.page.locator(".requests .path", { hasText: "/before" }).waitFor();
    await origin.close();
    await exchange(server.port, { host: client.host, path: "/down" });
    await stranger.page.locator("[data-local].bad", { hasText: "is down" }).waitFor();
    await stranger.page.locator("#state", { hasText: "not healthy" }).waitFor();
    await client.program.terminate();
    await stranger.page.locator("#state", { hasText: "client not reachable" }).waitFor();
    if (pictures !== undefined) {
      await stranger.page.emulateMedia({ colorScheme: "dark" });
      await stranger.page.screenshot({ path: `${pictures}/down.png`, fullPage: true });
    }
  },
);
