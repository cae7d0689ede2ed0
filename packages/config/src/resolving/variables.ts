/** `${NAME}` or `${NAME:default}`; `$${` escapes `${`. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}|\$\{/g;

/** Returns true if `text` may refer to an environment variable. */
export function hasReference(text: string): boolean {
  return text.includes("${");
}

/** Replaces references with the values of environment variables. */
export function withVariables(text: string, env: Environment): { value: string } | { fault: string } {
  let fault: string | undefined;
  const value = text.replace(REFERENCE, (all, name: string | undefined, fallback: string | undefined) => {
    if (all === "$${") return "${";
    if (name === undefined)
      fault ??= "contains a ${ that is not ${NAME} or ${NAME:default}. Write $${ for a literal ${";
    else if (env[name] === undefined && fallback === undefined)
      fault ??= `needs the environment variable ${name}. Set it, or write \${${name}:default}`;
    return (name === undefined ? undefined : env[name]) ?? fallback ?? "";
  });
  return fault === undefined ? { value } : { fault };
}

export type Environment = Readonly<Record<string, string | undefined>>;
