import { redactedPath } from "../records/redacted-path.js";
import { redactedText } from "../records/redacted-text.js";
import { isSecretName } from "../records/secret-name.js";

/** The longest texts in lines, in characters. A visitor chooses them, and a head may be much longer. */
export const LONGEST_LOGGED = { target: 2_048, referer: 2_048, userAgent: 512 } as const;

/** Texts whose form in lines is kept, because visitors repeat them. */
const MOST_KEPT = 256;

export interface LoggedTextOptions {
  /** Names of query parameters whose values are secret, besides those whose names suggest it. */
  readonly secretNames?: readonly string[];
  /** Whether lines show no query strings. Default false: they show them without secrets. */
  readonly omitsQueries?: boolean;
  /** Makes a text safe for the format of the line. */
  readonly escape: (text: string) => string;
}

const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** The texts of a visitor, as lines show them: without secrets, not too long, and escaped. */
export class LoggedTexts {
  readonly #isSecret: (name: string) => boolean;
  readonly #omitsQueries: boolean;
  readonly #escape: (text: string) => string;
  readonly #referers: KeptForms;
  readonly #userAgents: KeptForms;

  constructor({ secretNames = [], omitsQueries = false, escape }: LoggedTextOptions) {
    const names = new Set(secretNames.map((name) => name.toLowerCase()));
    this.#isSecret = names.size === 0 ? isSecretName : (name) => names.has(name.toLowerCase()) || isSecretName(name);
    this.#omitsQueries = omitsQueries;
    this.#escape = escape;
    const longest = LONGEST_LOGGED.userAgent;
    this.#referers = new KeptForms((text) =>
      escape(this.#withoutSecrets(text.replace(USER_INFO, "$1***@"), LONGEST_LOGGED.referer)),
    );
    this.#userAgents = new KeptForms((text) => escape(redactedText(text.slice(0, 2 * longest)).slice(0, longest)));
  }

  /** Path and query. */
  target(path: string): string {
    return this.#escape(this.#withoutSecrets(path, LONGEST_LOGGED.target));
  }

  /** A request line. Only its target, between the first space and the last, is not known to be without secrets. */
  line(line: string): string {
    const start = line.indexOf(" ") + 1;
    const end = line.lastIndexOf(" ");
    if (start === 0 || end < start) return this.target(line);
    const target = this.#withoutSecrets(line.slice(start, end), LONGEST_LOGGED.target);
    return this.#escape(line.slice(0, start) + target + line.slice(end));
  }

  referer(referer: string): string {
    return this.#referers.of(referer);
  }

  userAgent(userAgent: string): string {
    return this.#userAgents.of(userAgent);
  }

  /** Any other text. */
  text(text: string): string {
    return this.#escape(text);
  }

  #withoutSecrets(target: string, longest: number): string {
    const query = target.indexOf("?");
    if (query < 0) return target.length <= longest ? target : target.slice(0, longest);
    if (this.#omitsQueries) return target.slice(0, Math.min(query, longest));
    return redactedPath(target.slice(0, 2 * longest), this.#isSecret).slice(0, longest);
  }
}

/** The forms of texts, which are kept. */
class KeptForms {
  readonly #form: (text: string) => string;
  readonly #forms = new Map<string, string>();
  #last = "";
  #lastForm = "";

  constructor(form: (text: string) => string) {
    this.#form = form;
  }

  of(text: string): string {
    if (text === this.#last) return this.#lastForm;
    const form = this.#forms.get(text) ?? this.#make(text);
    // What strangers choose must not fill the memory.
    if (text.length > LONGEST_LOGGED.userAgent) return form;
    this.#last = text;
    this.#lastForm = form;
    return form;
  }

  #make(text: string): string {
    const form = this.#form(text);
    if (text.length > LONGEST_LOGGED.userAgent) return form;
    if (this.#forms.size >= MOST_KEPT) this.#forms.clear();
    this.#forms.set(text, form);
    return form;
  }
}
