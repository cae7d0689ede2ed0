import { option, section, sections } from "./declaration.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { anything, table } from "../kinds/table.js";
import { text } from "../kinds/text.js";

function changesTo(message: "request" | "response") {
  return section(
    `Changes to ${message} bodies, in this order: replacements, then members of JSON bodies. docs/transform.md explains them. A body that cannot be changed is not passed on.`,
    {
      replace_text: sections(
        "Replacement in text bodies. Several are applied in the order of the file, each to the result of the one before it.",
        {
          find: option(text({ hasLines: true }), "Text to find. Upper and lower case differ.", {
            example: '"internal.example.com"',
          }),
          replace: option(
            text({ hasLines: true }),
            "Replacement text. With a regular expression, `$1` stands for its first group.",
            { default: "", example: '"www.example.com"' },
          ),
          regex_enabled: option(
            flag(),
            "Treat `find` as a regular expression of JavaScript. Then bodies are collected, up to 1 MiB. Backreferences, lookarounds, and quantified groups that hold a quantifier are not supported.",
            { default: false },
          ),
        },
      ),
      add_json_fields: option(
        table(anything()),
        `Members to add to the outermost object of JSON ${message} bodies. They replace members of the same name.`,
        { default: {} as Record<string, unknown>, example: '{ source = "gateway" }' },
      ),
      remove_json_fields: option(
        list(text()),
        `Names of members to remove from JSON ${message} bodies, at every depth. Upper and lower case differ.`,
        { default: [] as string[], example: '["internal_id"]' },
      ),
    },
  );
}

/** `[proxy.middleware.transform]` */
export const transform = section("Changes to bodies.", {
  request: changesTo("request"),
  response: changesTo("response"),
});
