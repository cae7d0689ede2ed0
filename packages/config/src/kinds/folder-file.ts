import { rewritten } from "./rewritten.js";
import type { Kind } from "./kind.js";

/** The path of a file inside a served folder. The value has no slash at its beginning; empty: no file. */
export function folderFile(): Kind<string> {
  const what = 'the path of a file inside the folder, for instance "index.html" or "errors/404.html"';
  return rewritten("file", what, { type: "string" }, (given) => {
    const path = given.trim().replace(/^(?:\.?\/)+/, "");
    if (path === "") return given.trim() === "" ? "" : undefined;
    // eslint-disable-next-line no-control-regex
    if (path.length > LONGEST || /[\0-\x1f\x7f\\]/.test(path)) return undefined;
    return path.split("/").some((part) => part === "" || part === "." || part === "..") ? undefined : path;
  });
}

const LONGEST = 1_024;
