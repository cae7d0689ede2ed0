import { parentPort } from "node:worker_threads";
import { changeText, type TextTask } from "./change-text.ts";

const port = parentPort!;
port.on("message", (task: TextTask) => port.postMessage(changeText(task)));
port.postMessage("ready");
