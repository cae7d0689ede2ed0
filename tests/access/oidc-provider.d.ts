/** The part of the package that tests use; it has no types of its own. */
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  interface Context {
    oidc: {
      client: { clientId: string };
      session: { accountId: string; grantIdFor(clientId: string): string | undefined };
      provider: Provider;
      result?: { consent?: { grantId?: string } };
    };
  }

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly Grant: (new (values: { clientId: string; accountId: string }) => Grant) & {
      find(id: string): Promise<Grant | undefined>;
    };
    callback(): RequestListener;
    on(event: string, listener: (ctx: Context, error: Error) => void): this;
  }

  export default Provider;
  export type { Context };
}
