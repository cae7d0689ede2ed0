import { expect, test } from "vitest";
import { listenerNote } from "./listener-note.js";

const PLAIN = { http: "127.0.0.1:8080", https: undefined };
const BOTH = { http: "[::]:8080", https: "[::]:8443" };

test("a URL that a listener of the gateway receives has no note", () => {
  for (const url of ["http://a.example/", "http://a.example:8080/x", "http://[::1]:8080/", "http://a.example:80/"])
    expect(listenerNote(url, PLAIN)).toBeUndefined();
  for (const url of ["https://a.example/", "https://a.example:8443/"]) expect(listenerNote(url, BOTH)).toBeUndefined();
  expect(listenerNote("http://a.example:41234/", { ...PLAIN, http: "127.0.0.1:0" })).toBeUndefined();
});

test.for([
  ["http://a.example:9000/", PLAIN, "the gateway does not listen on port 9000, but on 8080 (HTTP)"],
  ["https://a.example:9000/", BOTH, "the gateway does not listen on port 9000, but on 8080 (HTTP) and 8443 (HTTPS)"],
  ["http://a.example:8443/", BOTH, "port 8443 of the gateway is for https:// URLs"],
  ["https://a.example:8080/", BOTH, "port 8080 of the gateway is for http:// URLs"],
  ["https://a.example/", PLAIN, "the gateway has no HTTPS ([server.ssl])"],
  ["https://a.example:8080/", PLAIN, "the gateway has no HTTPS ([server.ssl])"],
] as const)("%s before %j", ([url, addresses, note]) => {
  expect(listenerNote(url, addresses)).toBe(note);
});
