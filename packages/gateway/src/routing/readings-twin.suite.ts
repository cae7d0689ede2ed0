/**
 * The readings of a path, in the plainest way: a list of text replacements for each combination of choices. A sign that
 * was encoded is written as a private character, 0xE000 above it.
 */
const PRIVATE = 0xe000;
const SLASH = String.fromCharCode(PRIVATE + 0x2f);
const BACKSLASH = String.fromCharCode(PRIVATE + 0x5c);
const SEMICOLON = String.fromCharCode(PRIVATE + 0x3b);
const DOT = String.fromCharCode(PRIVATE + 0x2e);

/** Every path that a server may read in `path`, and whether `..` leads above its beginning in any of them. */
export function twinReadings(path: string): { texts: Set<string>; climbs: boolean } {
  const once = decode(path);
  const degrees = new Set([path, path.replaceAll(/%2e/gi, DOT), once, decode(once)]);
  const texts = new Set<string>();
  let climbs = false;
  for (const text of degrees) {
    for (const dots of ["never", "plain", "encoded"]) {
      for (const slashes of ["/", `/${SLASH}`]) {
        for (const backslashes of ["", "\\", `\\${BACKSLASH}`]) {
          for (const semicolons of ["", ";", `;${SEMICOLON}`]) {
            for (const merges of [false, true]) {
              const separators = slashes + backslashes;
              let segments = split(text, separators).slice(1);
              segments = segments.map((segment) => split(segment, semicolons)[0]!);
              if (merges) segments = segments.filter((segment, n) => segment !== "" || n === segments.length - 1);
              const resolved = dots === "never" ? { segments, climbs: false } : resolve(segments, dots === "encoded");
              climbs ||= resolved.climbs;
              const whole = `/${resolved.segments.join("/")}`;
              texts.add(whole);
              if (resolved.segments !== segments && endsWithDots(segments, dots === "encoded") && whole !== "/")
                texts.add(whole.slice(0, -1));
            }
          }
        }
      }
    }
  }
  return { texts: new Set([...texts].map(plain)), climbs };
}

function resolve(segments: string[], encoded: boolean): { segments: string[]; climbs: boolean } {
  const kept: string[] = [];
  let climbs = false;
  segments.forEach((segment, n) => {
    const isLast = n === segments.length - 1;
    const dots = dotsIn(segment, encoded);
    if (dots === 2) {
      if (kept.length === 0) climbs = true;
      kept.pop();
    }
    if (dots === 0) kept.push(segment);
    else if (isLast) kept.push("");
  });
  return { segments: kept, climbs };
}

function endsWithDots(segments: string[], encoded: boolean): boolean {
  return dotsIn(segments.at(-1)!, encoded) > 0;
}

function dotsIn(segment: string, encoded: boolean): number {
  const text = encoded ? segment.replaceAll(DOT, ".") : segment;
  return text === "." ? 1 : text === ".." ? 2 : 0;
}

function split(text: string, separators: string): string[] {
  const parts = [""];
  for (const sign of text) {
    if (separators.includes(sign)) parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return parts;
}

/** Decodes every escape once. */
function decode(text: string): string {
  const bytes = text.replace(
    /[%\uE025](?:([0-9a-f\uE030-\uE039\uE041-\uE046\uE061-\uE066]{2})|[uU\uE075\uE055]([0\uE030]{2}[0-7\uE030-\uE037][0-9a-f\uE030-\uE039\uE041-\uE046\uE061-\uE066]))/gi,
    (_, two?: string, four?: string) => String.fromCharCode(PRIVATE + parseInt(plain(two ?? four!), 16)),
  );
  return bytes.replace(/[\uE0C0\uE0C1][\uE080-\uE0BF]|\uE0E0[\uE080\uE081][\uE080-\uE0BF]/g, (overlong) => {
    const high = overlong.charCodeAt(overlong.length - 2) & 1;
    const low = overlong.charCodeAt(overlong.length - 1) & 0x3f;
    return String.fromCharCode(PRIVATE + (high << 6) + low);
  });
}

/** Without the marks. An encoded slash that separated nothing is NUL. */
function plain(text: string): string {
  return text.replace(/[\uE000-\uE0FF]/g, (sign) =>
    sign === SLASH ? "\0" : String.fromCharCode(sign.charCodeAt(0) - PRIVATE),
  );
}
