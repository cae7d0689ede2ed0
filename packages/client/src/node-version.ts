/** The oldest Node.js on which the package works, as in its package.json. */
const NEEDED = "22.19";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const [neededMajor = 0, neededMinor = 0] = NEEDED.split(".").map(Number);

// An import of this file must come first. Otherwise the first missing function of an old Node.js would be reported.
if (major < neededMajor || (major === neededMajor && minor < neededMinor))
  throw new Error(
    `@postern/client needs Node.js ${NEEDED} or newer; this is ${process.versions.node} (${process.execPath}). Install it from https://nodejs.org or with your version manager.`,
  );

export {};
