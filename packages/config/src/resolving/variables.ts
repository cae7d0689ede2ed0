/** `${NAME}` or `${NAME:default}`; `$${` escapes `${`. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}|\$\{/g;

/** Returns true if `text` may refer to an environment variable. */
export function hasReference(text: string): boolean {
  return text.includes("${");
}

/** A value that needs a variable that is not set. */
export interface MissingReading {
  readonly fault: string;
  readonly variable: string;
}

/** Replaces references with the values of environment variables. */
export function withVariables(text: string, env: Environment): { value: string } | { fault: string } | MissingReading {
  let fault: string | undefined;
  let missing: string | undefined;
  const value = text.replace(REFERENCE, (all, name: string | undefined, fallback: string | undefined) => {
    if (all === "$${") return "${";
    const variable = name === undefined ? undefined : variableValue(env, name);
    if (name === undefined)
      fault ??= "contains a ${ that is not ${NAME} or ${NAME:default}. Write $${ for a literal ${";
    else if (variable === undefined && fallback === undefined) missing ??= name;
    return variable ?? fallback ?? "";
  });
  if (fault !== undefined) return { fault };
  if (missing === undefined) return { value };
  return {
    fault: `needs the environment variable ${missing}. Set it, or write \${${missing}:default}`,
    variable: missing,
  };
}

/**
 * The value of a variable without trailing line breaks: tools that copy a secret from a file into the environment often
 * copy the last line break too.
 */
export function variableValue(env: Environment, name: string): string | undefined {
  return env[name]?.replace(/[\r\n]+$/, "");
}

export type Environment = Readonly<Record<string, string | undefined>>;
