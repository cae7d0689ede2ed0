import { expect, test } from "vitest";
import type { Reply } from "../../http/index.js";
import { stepRequest } from "../step-requests.suite.js";
import { CorsStep, type CorsOptions } from "./cors-step.js";

const APP = "https://app.example";
const ASKED = { origin: APP, "access-control-request-method": "PUT", "access-control-request-headers": "X-A, b d,c" };

function preflight(options: CorsOptions, fields: Record<string, string> = ASKED): Reply {
  return new CorsStep(options).check(stepRequest({ method: "OPTIONS" }, fields)) as Reply;
}

function editsOf(options: CorsOptions, origin?: string) {
  const request = stepRequest({}, origin === undefined ? {} : { origin });
  expect(new CorsStep(options).check(request)).toBe(undefined);
  return request.edits[0]!;
}

test("a preflight request is answered, and reaches no other step", () => {
  expect(preflight({ origins: [APP] })).toEqual({
    status: 204,
    text: "",
    fields: {
      Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
      "Access-Control-Allow-Origin": APP,
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      // What is no name of a header is left out.
      "Access-Control-Allow-Headers": "X-A, c",
      "Access-Control-Max-Age": "600",
    },
  });
  expect(
    preflight({ origins: [APP], methods: ["PUT"], headers: ["X-B"], credentials: true, maxAge: 5 }).fields,
  ).toMatchObject({
    "Access-Control-Allow-Methods": "PUT",
    "Access-Control-Allow-Headers": "X-B",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Max-Age": "5",
  });
});

test.each(["https://evil.example", "null", `${APP}.evil.example`, "https://app.example:8443", "HTTPS://APP.EXAMPLE"])(
  "the origin %s gets no permission",
  (origin) => {
    expect(Object.keys(preflight({ origins: [APP] }, { ...ASKED, origin }).fields!)).toEqual(["Vary"]);
    expect(editsOf({ origins: [APP] }, origin).responseLines).toBe("Vary: Origin\r\n");
  },
);

test("OPTIONS without the headers of a preflight request is an ordinary request", () => {
  for (const fields of [{}, { origin: APP }, { "access-control-request-method": "PUT" }])
    expect(preflight({ origins: [APP] }, fields as Record<string, string>)).toBe(undefined);
});

test("responses get the permission in place of that of the target, also those of the gateway that refuse", () => {
  const edits = editsOf({ origins: [APP], credentials: true, exposed: ["X-Total"] }, APP);
  expect(edits.responseLines).toBe(
    `Vary: Origin\r\nAccess-Control-Allow-Origin: ${APP}\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: X-Total\r\n`,
  );
  expect(edits.responseNames).toContain("access-control-allow-origin");
  expect(edits.refusalFields).toEqual({
    Vary: "Origin",
    "Access-Control-Allow-Origin": APP,
    "Access-Control-Allow-Credentials": "true",
  });
});

test("for all origins, caches may share a response", () => {
  expect(editsOf({ origins: ["*"] }).responseLines).toBe("Access-Control-Allow-Origin: *\r\n");
});

test.each([
  ["a path", { origins: ["https://a.example/"] }, "Write https://a.example."],
  ["no scheme", { origins: ["a.example"] }, "Write it as https://app.example.com."],
  ["null", { origins: ["null"] }, "is not an origin"],
  ["credentials for all", { origins: ["*"], credentials: true }, "any page could use the login"],
  ["no method", { origins: ["*"], methods: ["A B"] }, "is not a method"],
  ["no header", { origins: ["*"], headers: ["a\r\nb"] }, "is not a method or a header name"],
])("%s is an error", (_, options, message) => {
  expect(() => new CorsStep(options)).toThrow(message);
});
