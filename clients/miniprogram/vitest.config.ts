import { defineConfig } from "vitest/config";
import { alias } from "../web/vite.config.ts";

const sources = [
  { find: /^(?:\.+\/)+vendor\/tongbu$/, replacement: "@tongbu/client/wechat" },
  {
    find: /^(?:\.+\/)+vendor\/inbox$/,
    replacement: new URL("./scripts/inbox.ts", import.meta.url).pathname,
  },
];

export default defineConfig({
  resolve: { alias: [...sources, ...alias] },
  test: { globalSetup: "test/kit/built.ts", include: ["test/**/*.test.ts"], testTimeout: 20_000 },
});
