import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exchange, type ClientProcess, type StartProcess } from "@postern/testkit";

/** The local API of a client, as programs of the same user reach it. */
export class LocalApi {
  readonly url: string;
  /** The token of the run file. */
  readonly token: string;

  private constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  /** @param env the environment of the client, with XDG_RUNTIME_DIR. */
  static async of(client: ClientProcess | StartProcess, env: Record<string, string>): Promise<LocalApi> {
    const { program } = client;
    const url = await program.waitFor(
      "the local API",
      () => client.events.find(({ data }) => data["state"] === "local_api")?.data["url"],
    );
    const file = join(String(env["XDG_RUNTIME_DIR"]), "postern", `client-${program.pid}.json`);
    const { token } = JSON.parse(readFileSync(file, "utf8")) as { token: string };
    return new LocalApi(String(url), token);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The link that the client prints in a terminal. */
  get pageUrl(): string {
    return `${this.url}/#token=${this.token}`;
  }

  async ask(path: string): Promise<{ status: number; text: string }> {
    const headers = { Authorization: `Bearer ${this.token}` };
    const { status, body } = await exchange(this.port, { host: `127.0.0.1:${this.port}`, path, headers });
    return { status, text: String(body) };
  }

  /** The parsed body of a response. */
  async json(path: string): Promise<unknown> {
    return JSON.parse((await this.ask(path)).text);
  }
}
