/** `${NAME}` or `${NAME:default}`; `$${` is a plain `${`. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}|\$\{/g;

/** Whether `text` refers to the environment. */
export function hasReference(text: string): boolean {
  return text.includes("${");
}

/** Puts variables of the environment in. Returns what is wrong where that can't be done. */
export function withVariables(text: string, env: Environment): { value: string } | { fault: string } {
  let fault: string | undefined;
  const value = text.replace(REFERENCE, (all, name: string | undefined, fallback: string | undefined) => {
    if (all === "$${") return "${";
    if (name === undefined) fault ??= "has a ${ that is not ${NAME} or ${NAME:default}; a plain one is written $${";
    else if (env[name] === undefined && fallback === undefined)
      fault ??= `needs ${name} in the environment: set it, or write \${${name}:default}`;
    return (name === undefined ? undefined : env[name]) ?? fallback ?? "";
  });
  return fault === undefined ? { value } : { fault };
}

export type Environment = Readonly<Record<string, string | undefined>>;
