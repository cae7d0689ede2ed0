import type { RouteConfiguration } from "@postern/config";
import type { StepOptions } from "@postern/gateway/service";

type TransformOptions = NonNullable<StepOptions["transform"]>;
type Changes = NonNullable<TransformOptions["request"]>;

/** The changes to bodies of `[proxy.middleware.transform]`; undefined if there are none. */
export function transformOf({ middleware: { transform } }: RouteConfiguration): TransformOptions | undefined {
  const request = changesOf(transform.request);
  const response = changesOf(transform.response);
  if (request === undefined && response === undefined) return undefined;
  return { ...(request && { request }), ...(response && { response }) };
}

function changesOf({
  replace_text,
  add_json_fields: add,
  remove_json_fields: remove,
}: RouteConfiguration["middleware"]["transform"]["request"]): Changes | undefined {
  if (replace_text.length === 0 && remove.length === 0 && Object.keys(add).length === 0) return undefined;
  const replace = replace_text.map((rule) => ({
    find: rule.find ?? "",
    replace: rule.replace,
    isRegex: rule.regex_enabled,
  }));
  return { replace, add, remove };
}
