import { CONFIG_FILE, type CommandDeclaration } from "../command.js";

/** `postern cert` */
export const cert: CommandDeclaration = {
  name: "cert",
  summary: "make certificates for development",
  help: `Examples:
  postern cert dev`,
  subcommands: [
    {
      name: "dev",
      summary: "make a CA, and a server and a client certificate that it signs",
      argument: { usage: "[folder]", description: "folder to write to", default: "postern-certs" },
      options: [
        {
          form: "flag",
          flags: "--domain <name>",
          description: "base domain of the server",
          default: "tunnel.localhost",
        },
        {
          form: "flag",
          flags: "--client <name>",
          description: "user name in the client certificate",
          default: "me",
        },
        CONFIG_FILE,
      ],
      details:
        "Prints the lines to add to the configuration of server, client and gateway, and commands to try them with the ports in the configuration file. A second run keeps the CA and replaces the certificates, which are valid for 90 days.",
      help: `Examples:
  postern cert dev
  postern cert dev certs --domain tunnel.test --client alice`,
      run: async ({ argument: folder = "postern-certs", config, valueOf }, terminal) =>
        (await import("./run.js")).run(
          { folder, domain: valueOf("--domain"), client: valueOf("--client"), config },
          terminal,
        ),
    },
  ],
};
