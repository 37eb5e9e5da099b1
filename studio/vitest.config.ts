import { defineConfig } from "vitest/config";

// No test here waits for anything: only one that never ends meets the limits, and no machine that stands still for some seconds.
export default defineConfig({
  test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 120_000, hookTimeout: 120_000, teardownTimeout: 120_000 },
});
