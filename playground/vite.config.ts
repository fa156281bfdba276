// How the playground is built: relative to /playground/, with everything it needs beside it.
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => ({
  base: "/playground/",
  plugins: [react()],
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 5000,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // GraphiQL's files carry directives for a compiler that is not used here.
      onLog: (level, log, next) => log.code !== "MODULE_LEVEL_DIRECTIVE" && next(level, log),
    },
  },
  worker: { format: "es" },
  // Dependencies that only a worker imports are not found by Vite's scan; unbundled they are CommonJS.
  optimizeDeps: {
    include: [
      "graphiql > @graphiql/react > monaco-graphql > picomatch-browser",
      "graphiql > @graphiql/react > graphql-language-service > nullthrows",
      "graphiql > @graphiql/react > graphql-language-service > debounce-promise",
    ],
  },
  // `npm run dev` speaks to a server that runs beside it.
  server: { proxy: { "/graphql": loadEnv(mode, ".", "BATON_").BATON_URL ?? "http://127.0.0.1:4000" } },
}));
