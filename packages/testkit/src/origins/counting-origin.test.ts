import { expect, test } from "vitest";
import { isWhole } from "./counting-origin.js";

test.for([
  ["GET /one HTTP/1.1\r\nHost: x\r\n\r\n", ""],
  ["POST /one HTTP/1.1\r\nContent-Length: 10\r\n\r\n", "0123456789"],
  ["POST /one HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Id: 10\r\n\r\n", "10\r\n0123456789abcde0\r\n0\r\n\r\n"],
  ["POST /one HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Id: 10\r\n\r\n", "0\r\n\r\n"],
])("a request is complete with its last byte and not before: %j", ([head, body]) => {
  const request = `${head}${body}`;
  const whole = Array.from(request, (_, index) => isWhole(request.slice(0, index + 1)));
  expect(whole.indexOf(true)).toBe(request.length - 1);
});
