import { text } from "./text.js";

/** The path of a file or folder that belongs to the configuration: never part of a served folder. */
export const filePath = text({ what: "path" });
