import type { FileRoot } from "../files/index.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { Labelled } from "../records/labelled-traffic.js";
import type { AccessLogger, FilesRoute as Files, FinishedRequest, PathEdit } from "../route.js";
import { pathEdit } from "../routing/index.js";
import type { Folder, Folders } from "./folders.js";
import type { GatewayRoute, OnRouted, RouteDependencies } from "./gateway-route.js";
import type { FilesAction, RouteOptions } from "./service-options.js";

/** A route that serves the files of a folder. */
export class FilesRoute implements GatewayRoute, Files {
  readonly kind = "files";
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly accessLog: AccessLogger | null | undefined;
  readonly steps: Steps | undefined;
  readonly targets = [];
  readonly folder: Folder;
  readonly pathEdit: PathEdit;
  readonly #folders: Folders;
  readonly #onRouted: OnRouted;

  /** @throws RangeError for a template that is not valid. */
  constructor(
    options: RouteOptions,
    { files, stripPrefix, rewrite }: FilesAction,
    { folders, counted, steps, accessLog, onRouted }: RouteDependencies & { folders: Folders },
  ) {
    this.options = options;
    this.counted = counted;
    this.accessLog = accessLog;
    this.steps = steps;
    this.pathEdit = pathEdit(options.match.path, { stripPrefix, rewrite });
    this.#folders = folders;
    this.#onRouted = onRouted;
    this.folder = folders.use(files);
  }

  get root(): FileRoot {
    return this.folder.root;
  }

  destination(): Files {
    return this;
  }

  onFinished(request: FinishedRequest): void {
    this.folder.counted.traffic.count(request);
    this.folder.rate.count(request.endedAt);
    this.#onRouted(request, this);
  }

  close(): void {
    this.#folders.release(this.folder);
  }
}
