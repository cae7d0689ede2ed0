// Writes the generated pages of docs/. With --check it only reports whether they are up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";
import { configPage } from "./docs/config-page.ts";
import { errorsPage } from "./docs/errors-page.ts";
import { limitsPage } from "./docs/limits-page.ts";
import { migrationPage } from "./docs/migration-page.ts";
import { metricsPage } from "./docs/metrics-page.ts";

const PAGES = {
  "docs/errors.md": errorsPage,
  "docs/limits.md": limitsPage,
  "docs/config.md": configPage,
  "docs/metrics.md": metricsPage,
  "docs/migration.md": migrationPage,
};

let stale = 0;
for (const [path, page] of Object.entries(PAGES)) {
  const url = new URL(`../${path}`, import.meta.url);
  const text = await format(page(), { parser: "markdown", printWidth: 120, proseWrap: "always" });
  if (!process.argv.includes("--check")) writeFileSync(url, text);
  else if (readFileSync(url, "utf8") !== text) {
    stale++;
    console.error(`${path} is out of date. Run: npm run docs`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
