import { notAllowed, type Kind, type Reading } from "./kind.js";

const READ_AND_WRITE = 0o600;

/**
 * Permissions of a file as octal text. The owner can read and write it, and nobody can run it. A number is refused: 600
 * without quotes would be another mode.
 */
export function fileMode(): Kind<number> {
  const kind: Kind<number> = {
    name: "file mode",
    allowed: 'a file mode as octal text, for instance "0600" (only the owner) or "0640" (also the group)',
    schema: {
      anyOf: [
        { type: "string", pattern: "^0?6[0246]{2}$" },
        { type: "string", pattern: "\\$\\{" },
      ],
    },
    read: (value) => (typeof value === "string" ? kind.readText(value) : notAllowed(kind)),
    readText(text): Reading<number> {
      if (!/^0?[0-7]{3}$/.test(text.trim())) return notAllowed(kind);
      const mode = parseInt(text.trim(), 8);
      const isUsable = (mode & READ_AND_WRITE) === READ_AND_WRITE && (mode & 0o111) === 0;
      if (!isUsable) return notAllowed(kind);
      return (mode & 0o002) === 0 ? { value: mode } : { fault: "must not allow all users to write" };
    },
    show: (mode) => JSON.stringify(mode.toString(8).padStart(4, "0")),
  };
  return kind;
}
