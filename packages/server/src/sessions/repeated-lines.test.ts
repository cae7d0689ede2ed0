import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { RepeatedLines } from "./repeated-lines.js";

let written: string[];
let lines: RepeatedLines;
beforeEach(() => {
  written = [];
  const write = (json: string): void => {
    const { level, time: _, pid: _pid, hostname: _host, ...rest } = JSON.parse(json) as Record<string, unknown>;
    written.push(`${pino.levels.labels[level as number]} ${JSON.stringify(rest)}`);
  };
  const log = pino({}, { write });
  lines = new RepeatedLines({ write: (level, fields, message) => log[level](fields, message) }, 0);
});

test("the first of equal lines is written at once, and the number of the others once a minute", () => {
  for (let count = 0; count < 1_000; count++)
    lines.write("warn", "tunnel refused", { name: "a", code: "PN_NAME_TAKEN" }, { detail: count });
  lines.write("warn", "tunnel refused", { name: "b", code: "PN_NAME_TAKEN" });
  const first = [
    'warn {"name":"a","code":"PN_NAME_TAKEN","detail":0,"msg":"tunnel refused"}',
    'warn {"name":"b","code":"PN_NAME_TAKEN","msg":"tunnel refused"}',
  ];
  lines.tick(59_000);
  expect(written).toEqual(first);
  lines.tick(60_000);
  lines.tick(61_000);
  const summary = 'warn {"name":"a","code":"PN_NAME_TAKEN","repeated":999,"msg":"tunnel refused, repeatedly"}';
  expect(written).toEqual([...first, summary]);
});

test("after a summary, a line is written again", () => {
  lines.write("info", "tunnel opened", { name: "a" });
  lines.tick(60_000);
  lines.write("info", "tunnel opened", { name: "a" });
  expect(written).toEqual(Array.from({ length: 2 }, () => 'info {"name":"a","msg":"tunnel opened"}'));
});

test("different lines are limited too", () => {
  for (let count = 0; count < 10_000; count++) lines.write("warn", "tunnel refused", { name: `name-${count}` });
  expect(written.length).toBe(64);
  lines.flush();
  expect(written.slice(64)).toEqual(['warn {"lines":9936,"msg":"more log lines of this session"}']);
  lines.flush();
  expect(written.length).toBe(65);
});
