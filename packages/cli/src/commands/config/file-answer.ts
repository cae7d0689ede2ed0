import type { ExplainedFile } from "@postern/gateway/service";
import { printable } from "../../terminal/printable.js";

const REASONS: Record<NonNullable<ExplainedFile["reason"]>, string> = {
  unsafe: "no file can have this path",
  hidden: "a name in the path begins with a dot (dotfiles = false)",
  absent: "there is no such file",
  no_index: "the folder has no index file (browse = false)",
  special: "it is not a regular file",
  outside: "a symbolic link leads out of the folder (follow_links = false)",
  secret: "it is a configuration, a file that a configuration names, such as a key or a log, or a copy of one",
  unreadable: "the file cannot be read",
};

/** How a folder answers a request, in one line. */
export function answerText({ status, file, answer, reason }: ExplainedFile): string {
  const name = printable(file ?? "");
  const why = reason === undefined ? "" : `: ${REASONS[reason]}`;
  const texts: Record<ExplainedFile["answer"], string> = {
    file: `the file ${name}`,
    index: `the index file ${name}`,
    listing: "a list of the folder",
    slash: "a redirect to the path with a slash, because it is that of a folder",
    fallback: `the fallback ${name}${why}`,
    not_found_page: `the page ${name}${why}`,
    page: `the gateway's own page${why}`,
    methods: "files accept GET, HEAD and OPTIONS",
  };
  return `${status}, ${texts[answer]}`;
}
