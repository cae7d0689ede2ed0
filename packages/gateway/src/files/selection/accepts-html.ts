import type { FileRequest } from "../../http/index.js";
import { pathOf } from "../../routing/path-scan.js";

const HTML = /(?:^|,)[\t ]*(?:text\/html|application\/xhtml\+xml)[\t ]*(;[^,]*)?(?:,|$)/i;
/** A quality of zero: not acceptable (RFC 9110, section 12.4.2). */
const REFUSED = /;[\t ]*q=0(?:\.0*)?[\t ]*(?:;|$)/i;
const ANYTHING = /(?:^|,)[\t ]*\*\/\*/;
/** A name with an extension, such as `app.js`, at the end of a path. */
const NAMED_FILE = /\.[^/.]*$/;

/**
 * Whether a visitor wants a page. Scripts, images and commands accept anything: they want a page if the path does not
 * name a file.
 */
export function acceptsHtml({ accept, path }: FileRequest): boolean {
  const html = accept === "" ? null : HTML.exec(accept);
  if (html !== null) return !REFUSED.test(html[1] ?? "");
  return (accept === "" || ANYTHING.test(accept)) && !NAMED_FILE.test(pathOf(path));
}
