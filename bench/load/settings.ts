import { connect, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** The script's settings: its first argument, as JSON. */
export function settings<T>(): T {
  const text = process.argv[2];
  if (text === undefined) throw new Error("the bench starts this script, with its settings as JSON");
  return JSON.parse(text) as T;
}

/** Prints one line of JSON for the bench. */
export function report(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

export interface Target {
  /** `host:port` to connect to. */
  address: string;
  /** The Host to send. */
  host: string;
  path: string;
  /** Whether to use TLS, without verifying the certificate. */
  secure?: boolean;
}

/** Connects to the target; `onConnected` is called when the first byte may be sent. */
export function dial({ address, secure }: Target, onread: OnReadOpts | undefined, onConnected: () => void): Socket {
  const options = { ...split(address), noDelay: true, ...(onread === undefined ? {} : { onread }) };
  if (secure === true) return connectTls({ ...options, rejectUnauthorized: false }, onConnected);
  return connect(options, onConnected);
}

export function split(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}
