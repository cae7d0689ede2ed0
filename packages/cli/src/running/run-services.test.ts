import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder, until } from "@postern/testkit";
import { CliError } from "../errors.js";
import type { Service } from "../service.js";
import { readSettings } from "../settings/configuration.js";
import { runServices } from "./run-services.js";

let calls: string[];

/** A service that records its calls. */
function recorded(name: string, more: Partial<Service> = {}): Service {
  const record = (call: string): Promise<void> => {
    calls.push(`${call} ${name}`);
    return Promise.resolve();
  };
  return { start: () => record("start"), stop: () => record("stop"), ...more };
}

test("services start in order, stop in reverse order, and the command ends when its work is done", async () => {
  calls = [];
  const work = (): Promise<void> => Promise.resolve(void calls.push("work"));
  await runServices({ services: [recorded("server"), recorded("tunnel")], work });
  expect(calls).toEqual(["start server", "start tunnel", "work", "stop tunnel", "stop server"]);
});

test("a service that cannot start stops all of them", async () => {
  calls = [];
  const start = (): Promise<void> => Promise.reject(new Error("address in use"));
  const services = [recorded("server"), recorded("api", { start }), recorded("tunnel")];
  await expect(runServices({ services })).rejects.toThrow("address in use");
  expect(calls).toEqual(["start server", "stop tunnel", "stop api", "stop server"]);
});

test("a service that fails ends the command with its error", async () => {
  calls = [];
  const { promise: ended, reject } = Promise.withResolvers<void>();
  const stopping: string[] = [];
  const services = [recorded("server"), recorded("tunnel", { ended })];
  const running = runServices({ services, onStopping: () => stopping.push("signal") });
  reject(new Error("name taken"));
  await expect(running).rejects.toThrow("name taken");
  expect([calls.slice(2), stopping]).toEqual([["stop tunnel", "stop server"], []]);
});

test("a signal stops the command, after a message", async () => {
  calls = [];
  const running = runServices({
    services: [recorded("server")],
    onStopping: () => calls.push("message"),
  });
  await until("the start", () => calls.length === 1);
  process.emit("SIGTERM");
  await running;
  expect(calls).toEqual(["start server", "message", "stop server"]);
});

test("a reload applies while services stop only with `whileStopping`", async () => {
  for (const whileStopping of [true, false]) {
    calls = [];
    const file = join(scratchFolder(onTestFinished), "postern.toml");
    writeFileSync(file, "", { mode: 0o600 });
    const given = { config: file, env: {}, flags: {} };
    const applied = Promise.withResolvers<void>();
    const server = recorded("server", {
      reload: () => {
        calls.push("reload");
        const apply = (): Promise<{ summary: string }> => Promise.resolve({ summary: "" });
        return Promise.resolve({ apply, files: [], warnings: [] });
      },
      stop: async () => {
        process.emit("SIGHUP");
        await (whileStopping ? applied.promise : readSettings(given));
        calls.push("stop server");
      },
    });
    const running = runServices({
      services: [server],
      reload: {
        given,
        settings: await readSettings(given),
        files: [],
        warnings: [],
        check: () => {},
        isFixed: () => true,
        report: () => applied.resolve(),
        whileStopping,
      },
    });
    await until("the start", () => calls.length === 1);
    process.emit("SIGTERM");
    await running;
    expect(calls).toEqual(["start server", ...(whileStopping ? ["reload"] : []), "stop server"]);
  }
});

test("a reload changes no service unless all of them accept the configuration", async () => {
  calls = [];
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  const write = (level: string): void => writeFileSync(file, `[logging]\nlevel = "${level}"\n`, { mode: 0o600 });
  write("info");
  const given = { config: file, env: {}, flags: {} };
  const outcomes: { message: string; problems: unknown }[] = [];
  let checks = 0;
  const first = recorded("first", {
    reload: () =>
      Promise.resolve({
        apply: () => Promise.resolve({ summary: `change ${calls.push("apply")}` }),
        files: [],
        warnings: [],
      }),
  });
  const second = recorded("second", {
    reload: ({ loaded }) =>
      loaded.values.logging.level === "error"
        ? Promise.reject(new CliError("PN_KEYS_MISSING", "No key."))
        : Promise.resolve({ apply: () => Promise.resolve({ summary: "nothing" }), files: [], warnings: [] }),
  });
  const running = runServices({
    services: [first, second],
    reload: {
      given,
      settings: await readSettings(given),
      files: [],
      warnings: [],
      check: () => void (checks += 1),
      isFixed: () => true,
      report: (_, message, { problems }) => outcomes.push({ message, problems }),
    },
  });
  await until("the start", () => calls.length === 2);
  write("error");
  process.emit("SIGHUP");
  await until("the refusal", () => outcomes.length === 1);
  expect(outcomes[0]).toEqual({
    message: "reload failed; keeping the previous configuration",
    problems: ["No key."],
  });
  // The file watcher noticed the change too. If a user also sends SIGHUP, the error is still reported only once.
  process.emit("SIGHUP");
  await until("another reload", () => checks >= 2);
  write("warn");
  process.emit("SIGHUP");
  await until("the reload", () => outcomes.length >= 3);
  expect(outcomes.slice(1, 3).map(({ message }) => message)).toEqual([
    "configuration reloaded: change 3; nothing",
    "restart to apply: logging.level",
  ]);
  process.emit("SIGTERM");
  await running;
  expect(calls.filter((call) => call === "apply")).toHaveLength(1);
});
