import { describe, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, type CertificateFiles } from "@postern/testkit";
import { AddressGateway } from "./address-gateway.js";
import { secure, secureOrigin, text } from "./secure-origin.js";

describe("a target that is not trusted gets no request, and its owner is told the reason: a certificate", () => {
  const certificates: [string, (ca: CertificateAuthority) => CertificateFiles, RegExp][] = [
    ["expired", (ca) => ca.issue({ names: ["origin.example"], days: -1 }), /has expired/],
    ["for another name", (ca) => ca.issue({ names: ["other.example"] }), /another name.*sni_hostname/],
    [
      "of another CA",
      () => new CertificateAuthority(onTestFinished, "other").issue({ names: ["origin.example"] }),
      /CA is not trusted: set ca_file|was not signed/,
    ],
  ];
  test.each(certificates)("%s", async (_, issue, reason) => {
    const ca = new CertificateAuthority(onTestFinished);
    const origin = await secureOrigin(issue(ca));
    const gateway = await AddressGateway.start(onTestFinished, [secure(origin.port, text(ca.certificate))]);
    const page = await gateway.visit("/", { method: "POST", body: "secret" });
    expect([page.status, page.headers["postern-error"]]).toEqual([502, "PN_TARGET_UNTRUSTED"]);
    expect(gateway.failures).toMatchObject([{ reason: expect.stringMatching(reason) }]);
  });

  test("of a service that is addressed with http://", async () => {
    const ca = new CertificateAuthority(onTestFinished);
    const files = ca.issue({ names: ["origin.example"] });
    const { port } = await secureOrigin(files);
    const gateway = await AddressGateway.start(onTestFinished, [port]);
    for (const method of ["GET", "POST", "GET"]) {
      const { status, headers } = await gateway.visit("/", { method });
      expect([status, headers["postern-error"]]).toEqual([502, "PN_TARGET_SCHEME"]);
    }
    expect(gateway.failures).toMatchObject([{ reason: "this port expects TLS: use an https:// address" }]);
  });
});

describe("a target with TLS", () => {
  test("gets SNI and Host of its own name, and its connections are reused", async () => {
    const ca = new CertificateAuthority(onTestFinished);
    const origin = await secureOrigin(ca.issue({ names: ["origin.example"] }));
    const gateway = await AddressGateway.start(onTestFinished, [secure(origin.port, text(ca.certificate))]);
    for (let n = 0; n < 5; n++) {
      expect(String((await gateway.visit("/")).body)).toBe(`undefined origin.example:${origin.port}`);
    }
    expect(origin.counts).toEqual({ connections: 1, handshakes: 1 });
  });

  test("resumes its session on the next connection", async () => {
    const ca = new CertificateAuthority(onTestFinished);
    const origin = await secureOrigin(ca.issue({ names: ["origin.example"] }));
    const gateway = await AddressGateway.start(onTestFinished, [secure(origin.port, text(ca.certificate))]);
    for (let n = 0; n < 5; n++) expect((await gateway.visit("/", { method: "POST", body: "x" })).status).toBe(200);
    expect(origin.counts).toEqual({ connections: 5, handshakes: 1 });
  });

  test("can have another server name, and no verification", async () => {
    const ca = new CertificateAuthority(onTestFinished);
    const origin = await secureOrigin(ca.issue({ names: ["other.example"] }));
    for (const trust of [{ serverName: "other.example" }, { verify: false }]) {
      const target = secure(origin.port, text(ca.certificate), { trust });
      const gateway = await AddressGateway.start(onTestFinished, [target]);
      expect((await gateway.visit("/")).status).toBe(200);
    }
  });

  test("never gets a connection that was made with another client certificate, CA or server name", async () => {
    const ca = new CertificateAuthority(onTestFinished);
    const origin = await secureOrigin(ca.issue({ names: ["origin.example", "alias.example"] }), text(ca.certificate));
    const clients = ["one", "two"].map((name) => ca.issue({ names: [name] }));
    const target = secure(origin.port, text(ca.certificate));
    const other = new CertificateAuthority(onTestFinished, "other");
    const trusts = [
      ...clients.map(({ certificate, key }) => ({ cert: text(certificate), key: text(key) })),
      {},
      { serverName: "alias.example" },
      { ca: `${text(ca.certificate)}${text(other.certificate)}` },
    ];
    const targets = trusts.map((trust) => ({ ...target, trust: { ca: text(ca.certificate), ...trust } }));
    const gateway = await AddressGateway.start(onTestFinished, targets);
    const names: string[] = [];
    for (let n = 0; n < 20; n++) names.push(String((await gateway.visit("/")).body).split(" ")[0] as string);
    expect(names.slice(0, 5)).toEqual(["one", "two", "undefined", "undefined", "undefined"]);
    expect(names).toEqual([...names.slice(0, 5), ...names.slice(0, 5), ...names.slice(0, 5), ...names.slice(0, 5)]);
    expect(origin.counts).toEqual({ connections: 5, handshakes: 5 });
  });
});
