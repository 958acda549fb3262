// SPDX-License-Identifier: Apache-2.0
//
// Pages of the console as pictures; see tools/screenshots.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.MODULES, "x.js"));
const { chromium } = require("playwright-core");
const [base, out] = process.argv.slice(2);

// name of the picture, path
const pages = [
  ["overview", "/"],
  ["run", "/runs/7"],
  ["settings", "/connections/defender/settings"],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox"],
});
const context = await browser.newContext({
  viewport: { width: 1280, height: 800 },
  reducedMotion: "reduce",
});
const page = await context.newPage();
await page.goto(base);
await page.getByLabel("User").fill("ann");
await page.getByLabel("Password").fill("demo-administrator-1");
await page.keyboard.press("Enter");
await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
for (const [name, path] of pages) {
  await page.goto(new URL(path, base).href);
  await page.getByRole("heading", { level: 1 }).waitFor();
  // What is drawn comes behind the first answer.
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(out, `${name}.png`) });
}
await page.emulateMedia({ colorScheme: "dark" });
await page.goto(base);
await page.waitForTimeout(1500);
await page.screenshot({ path: join(out, "overview-dark.png") });
await browser.close();
