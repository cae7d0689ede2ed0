import type { FileRequest } from "../../http/index.js";

const HTML = /(?:^|,)[\t ]*(?:text\/html|application\/xhtml\+xml)[\t ]*(?:;[^,]*)?(?:,|$)/i;
const ANYTHING = /(?:^|,)[\t ]*\*\/\*/;
/** A name with an extension, such as `app.js`, at the end of a path. */
const NAMED_FILE = /\.[^/.]*(?:\?|$)/;

/**
 * Whether a visitor wants a page. Scripts, images and commands accept anything: they want a page if the path does not
 * name a file.
 */
export function acceptsHtml({ accept, path }: FileRequest): boolean {
  if (accept !== "" && HTML.test(accept)) return true;
  return (accept === "" || ANYTHING.test(accept)) && !NAMED_FILE.test(path);
}
