import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pathEdit, RouteTable } from "@postern/gateway";

const page = readFileSync(new URL("../../docs/routes.md", import.meta.url), "utf8");

test("the table of docs/routes.md shows what a target receives", () => {
  const rows = [...page.matchAll(/^\| `(\w+) = (.+?)` +\| `(.+?)` +\| `(.+?)` +\| `(.+?)` +\|$/gm)];
  expect(rows).toHaveLength(7);
  for (const [, option, value, route, request, received] of rows) {
    const options = option === "rewrite" ? { rewrite: JSON.parse(value!) as string } : {};
    const edit = pathEdit(route!, { stripPrefix: value === "true", ...options });
    expect(edit.apply(request!, "/base"), `${option} = ${value}, ${request}`).toBe(received);
  }
});

test("the paths that it names are refused, or forwarded as they are received", () => {
  const table = new RouteTable(["/public/*", "/admin/*", "/api/*"].map((path) => ({ match: { path }, value: path })));
  const find = (path: string): unknown => {
    const { value, fault } = table.find({ method: "GET", host: "", address: "", path, fieldValue: () => "" });
    return value ?? fault;
  };
  expect(page).toContain("`/public/..%2fadmin`");
  expect(find("/public/..%2fadmin")).toBe("path");
  const examples = [...page.matchAll(/`(\/api[^`]+)` as\s+`([^`]+)`/g)].map(([, path, received]) => [path!, received!]);
  expect(examples).toHaveLength(3);
  for (const [path, received] of examples) {
    expect(find(path!)).toBe("/api/*");
    expect(pathEdit("/api/*", { stripPrefix: true }).apply(path!, "")).toBe(received);
  }
});
