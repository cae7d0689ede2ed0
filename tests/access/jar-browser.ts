import { request as requestPlain, type IncomingHttpHeaders } from "node:http";
import { request as requestSecure } from "node:https";

export interface JarResponse {
  url: string;
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface JarRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

const PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/** A browser without a screen: keeps the cookies of each host and follows redirects. All names are this machine. */
export class JarBrowser {
  /** By host, and then by name. */
  readonly jar = new Map<string, Map<string, string>>();
  /** The addresses that it was redirected to, in order. */
  readonly visited: string[] = [];

  /** One request, without following a redirect. */
  send(url: string, { method = "GET", headers = {}, body = "" }: JarRequest = {}): Promise<JarResponse> {
    const { protocol, hostname, host, port, pathname, search } = new URL(url);
    this.visited.push(url);
    const cookies = [...this.cookies(hostname)].map(([name, value]) => `${name}=${value}`).join("; ");
    const { promise, resolve, reject } = Promise.withResolvers<JarResponse>();
    const outgoing = (protocol === "https:" ? requestSecure : requestPlain)(
      {
        host: "127.0.0.1",
        port,
        path: pathname + search,
        method,
        servername: hostname,
        rejectUnauthorized: false,
        agent: false,
        headers: {
          host,
          accept: PAGE,
          "content-length": Buffer.byteLength(body),
          ...(cookies === "" ? {} : { cookie: cookies }),
          ...headers,
        },
      },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.on("end", () => {
          this.#keep(hostname, incoming.headers["set-cookie"] ?? []);
          resolve({ url, status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
    return promise;
  }

  /** Opens a page and follows its redirects, until one leads to an address that `until` accepts. */
  async open(url: string, until: (url: string) => boolean = () => false): Promise<JarResponse> {
    let response = await this.send(url);
    for (let n = 0; n < 20; n++) {
      const { location } = response.headers;
      if (location === undefined) return response;
      const next = new URL(location, response.url).href;
      if (until(next)) return { ...response, url: next };
      response = await this.send(next);
    }
    throw new Error(`${url} redirects without an end`);
  }

  /** Fills in the login page of the provider, and follows the redirects. */
  async logIn(page: JarResponse, name: string, until?: (url: string) => boolean): Promise<JarResponse> {
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page.body) ?? [];
    if (action === undefined) throw new Error(`no login page: ${page.status} ${page.url} ${page.body.slice(0, 300)}`);
    const response = await this.send(new URL(action, page.url).href, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `prompt=login&login=${name}&password=x`,
    });
    return this.open(new URL(response.headers.location ?? "", response.url).href, until);
  }

  cookies(host: string): Map<string, string> {
    const known = this.jar.get(host);
    if (known !== undefined) return known;
    const created = new Map<string, string>();
    this.jar.set(host, created);
    return created;
  }

  #keep(host: string, fields: readonly string[]): void {
    for (const field of fields) {
      const [pair = "", ...attributes] = field.split(";").map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf("="));
      const isGone = attributes.some((each) => /^max-age=0$/i.test(each) || /^expires=.*1970/i.test(each));
      if (isGone) this.cookies(host).delete(name);
      else this.cookies(host).set(name, pair.slice(pair.indexOf("=") + 1));
    }
  }
}
