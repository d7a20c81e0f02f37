// Draws the icons of the installed page from one drawing, by a real browser. Run it after changing the drawing:
// node scripts/icons.mjs [BROWSER]. It needs the packages of tests/e2e/node.
import { writeFile } from "node:fs/promises";
import { chromium } from "../../../tests/e2e/node/node_modules/playwright-core/index.mjs";

const ARROWS = "M18 36l14-14 14 14M18 47l14-14 14 14";
const GROUND = "#0c6b5b";

/** `scale` below 1 leaves room where a system cuts its own shape out of the picture. */
function drawing({ corner, scale }) {
  const arrows = `<path d="${ARROWS}" fill="none" stroke="#fff" stroke-width="6" stroke-linecap="round" stroke-linejoin="round" transform="translate(32 33.5) scale(${scale}) translate(-32 -34.5)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="100%" height="100%"><rect width="64" height="64" rx="${corner}" fill="${GROUND}"/>${arrows}</svg>`;
}

const PICTURES = [
  { name: "icon-192", size: 192, corner: 15, scale: 1 },
  { name: "icon-512", size: 512, corner: 15, scale: 1 },
  { name: "icon-maskable-512", size: 512, corner: 0, scale: 0.85 },
  { name: "apple-touch-icon", size: 180, corner: 0, scale: 0.95 },
];

const browser = await chromium.launch({
  executablePath: process.argv[2] ?? "chromium",
  args: ["--no-sandbox"],
});
for (const { name, size, ...shape } of PICTURES) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>*{margin:0}svg{display:block}</style>${drawing(shape)}`);
  const picture = await page.screenshot({ omitBackground: true });
  await writeFile(new URL(`../public/${name}.png`, import.meta.url), picture);
  await page.close();
}
await browser.close();
