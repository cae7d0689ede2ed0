import { registerHooks } from "node:module";

/** One wrong line in the build. */
export interface Mistake {
  name: string;
  /** The fuzzer that has to find it. Default: that of HTTP. */
  script?: "http.ts" | "routes.ts";
  /** In a folder of dist. */
  file: string;
  right: string;
  wrong: string;
}

const { file, name, right, wrong } = JSON.parse(process.env["PLANTED"] ?? "{}") as Mistake;

// The mistake exists only in the memory of this process.
registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    if (!url.includes("/gateway/dist/") || !url.endsWith(`/${file}`)) return module;
    const source = typeof module.source === "string" ? module.source : new TextDecoder().decode(module.source);
    if (!source.includes(right))
      throw new Error(`${file} no longer contains \`${right}\`: update the mistake "${name}"`);
    return { ...module, source: source.replaceAll(right, wrong) };
  },
});
