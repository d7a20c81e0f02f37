import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { offlineFiles, WORKER } from "./scripts/offline-files.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `@tongbu/client` is built from its sources beside this folder. */
export const alias = [
  { find: /^@tongbu\/client$/, replacement: here("../typescript/src/index.ts") },
  { find: /^@tongbu\/client\/(.+)$/, replacement: here("../typescript/src/$1/index.ts") },
];

/**
 * The hub serves the build under a policy that allows nothing inline, so nothing is inlined. With `--mode fake` the
 * inbox runs on made-up data without any hub (`fake.html`), which never goes into `hub/static`.
 */
export default defineConfig(({ mode }) => ({
  base: "/",
  resolve: { alias },
  plugins: [offlineFiles(here("public"))],
  build: {
    outDir: here(mode === "fake" ? "dist" : "../../hub/static"),
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "assets",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input:
        mode === "fake"
          ? here("fake.html")
          : { index: here("index.html"), [WORKER]: here("src/offline/worker.ts") },
      output: {
        entryFileNames: ({ name }) => (name === WORKER ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: { host: "127.0.0.1" },
  preview: { host: "127.0.0.1" },
}));
