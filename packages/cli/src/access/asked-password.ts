import { CliError } from "../errors.js";
import { hiddenLine, type KeyInput } from "../terminal/hidden-line.js";

/** Asks for the password of visitors. Throws PN_USAGE without a terminal, or if there is no answer. */
export async function askedPassword(input: KeyInput, print: (text: string) => void): Promise<string> {
  if (input.isTTY !== true)
    throw new CliError(
      "PN_USAGE",
      "--password asks for the password, and there is no terminal.",
      "Write the password into a file, and use --password-file FILE.",
    );
  const password = await hiddenLine(input, print, "Password for visitors: ");
  if (password === undefined || password === "")
    throw new CliError("PN_USAGE", "There is no password.", "Run the command again and enter one.");
  return password;
}
