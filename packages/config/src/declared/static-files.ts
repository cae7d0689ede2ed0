import { option, section } from "./declaration.js";
import { flag } from "../kinds/flag.js";
import { folderFile } from "../kinds/folder-file.js";
import { list } from "../kinds/list.js";
import { text } from "../kinds/text.js";

const directory = text({ what: "folder", example: "./public", valid: (path) => path.trim() !== "" });
const fileName = text({ what: "file name", pattern: /^[^/\\]+$/, valid: (name) => !/^\.{1,2}$/.test(name) });
const fieldValue = text({ what: "header value", pattern: /^[!-~](?:[ -~]*[!-~])?$/, example: "max-age=3600" });

const FALLBACK =
  "File in the folder to send with status 200 for a path without a file, if the request accepts HTML: the page of a single-page application.";

const common = {
  not_found_page: option(folderFile(), "File in the folder to send with status 404. Default: a page of the gateway.", {
    example: '"404.html"',
  }),
  index: option(
    list(fileName),
    "Names of the file to send for a folder, in order of preference. Empty: folders have no index.",
    { default: ["index.html"] as string[] },
  ),
  dotfiles: option(flag(), "Serve files and folders whose names begin with a dot. `/.well-known` is always served.", {
    default: false,
  }),
  follow_links: option(
    flag(),
    "Follow symbolic links that lead out of the folder. Links that stay inside are always followed.",
    { default: false },
  ),
  cache_control: option(
    fieldValue,
    "Value of Cache-Control. With `no-cache`, browsers ask whether a file has changed each time they use it.",
    { default: "no-cache" },
  ),
  immutable: option(
    flag(),
    "Send `Cache-Control: public, max-age=31536000, immutable` for files with a hash in their name, such as `app.3f9c2b1d.js`.",
    { default: false },
  ),
};

const BROWSE = "List the files of a folder that has no index.";
/** The flags of the commands that serve or share one folder. */
const SPA = {
  flag: "--spa",
  flagSets: "index.html",
  flagDoc: "send index.html for paths without a file: for single-page applications",
};
const LIST = {
  flag: "--browse",
  flagSets: "true",
  flagDoc: "list the files of folders that have no index.html",
};

/** `[static_config]` */
export const staticConfig = section(
  "Files that the gateway serves where no route takes a request. `postern serve FOLDER` does not need this table.",
  {
    directory: option(directory, "Folder of the files.", {
      default: ".",
      flag: "-d, --directory <folder>",
      flagOf: "serve",
      flagDoc: "same as the argument folder",
    }),
    fallback: option(folderFile(), `${FALLBACK} Empty: none.`, {
      default: "index.html",
      ...SPA,
      flagOf: "serve",
    }),
    browse: option(flag(), BROWSE, {
      default: false,
      ...LIST,
      flagOf: "serve",
    }),
    ...common,
  },
);

/** `[proxy.files]` */
export const routeFiles = section(
  'Folder to serve, instead of a target. A path is accepted as well: `files = "./public"`.',
  {
    directory: option(directory, "Folder of the files."),
    fallback: option(folderFile(), FALLBACK, { example: '"index.html"' }),
    browse: option(flag(), BROWSE, { default: false }),
    ...common,
  },
  { shorthand: "directory" },
);

/** `[tunnel.endpoints.files]` */
export const endpointFiles = section("Options for an endpoint whose local target is a folder.", {
  fallback: option(folderFile(), FALLBACK, { example: '"index.html"', ...SPA, flagOf: "http" }),
  browse: option(flag(), BROWSE, { default: false, ...LIST, flagOf: "http" }),
  ...common,
});
