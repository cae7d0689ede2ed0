const PRELOAD = new URL("preload.js", import.meta.url).href;

/** Adds the preload that poisons read buffers, when this run asks for it (`npm run test:buffers`). */
export function poisonedEnvironment(env: Record<string, string>): Record<string, string> {
  if (process.env["POSTERN_POISON"] !== "1") return env;
  return { ...env, NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} --import=${PRELOAD}`.trim() };
}
