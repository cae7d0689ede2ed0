import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import type { Defer } from "@postern/testkit";

const CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface OpenPage {
  page: Page;
  /** Errors and warnings of the browser's console, and failed requests. */
  complaints: string[];
}

/** Starts a headless browser. */
export async function openBrowser(defer: Defer): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: CHROMIUM });
  defer(() => browser.close());
  return browser;
}

/** Opens an empty page with a new profile. */
export async function openPage(defer: Defer, browser: Browser, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext(options);
  defer(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`${request.url()} failed: ${request.failure()?.errorText}`));
  return { page, complaints };
}
