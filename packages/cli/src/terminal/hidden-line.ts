import { StringDecoder } from "node:string_decoder";

/** A terminal that is read key by key. */
export interface KeyInput {
  isTTY?: boolean;
  setRawMode(isRaw: boolean): unknown;
  on(event: "data", listener: (bytes: Buffer) => void): unknown;
  off(event: "data", listener: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

const LONGEST = 1_024;

/**
 * Asks for a line that the terminal does not show.
 * @param print writes to the terminal
 * @returns undefined if the person cancels, with Ctrl+C or Ctrl+D
 */
export function hiddenLine(
  input: KeyInput,
  print: (text: string) => void,
  prompt: string,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const decoder = new StringDecoder("utf8");
  let line: string[] = [];
  const end = (answer: string | undefined): void => {
    input.off("data", read);
    input.setRawMode(false);
    input.pause();
    print("\n");
    resolve(answer);
  };
  const read = (bytes: Buffer): void => {
    for (const letter of decoder.write(bytes)) {
      if (letter === "\r" || letter === "\n") return end(line.join(""));
      if (letter === "\x03" || letter === "\x04") return end(undefined);
      if (letter === "\x7f" || letter === "\b") line.pop();
      else if (letter === "\x15") line = [];
      else if (letter >= " " && line.length < LONGEST) line.push(letter);
    }
  };
  input.setRawMode(true);
  print(prompt);
  input.on("data", read);
  input.resume();
  return promise;
}
