/** Whether a target is a folder: it begins with `.`, `/`, `~` or a drive. A bare name is that of a host. */
export function isFolderTarget(target: string): boolean {
  return /^(\.{1,2}$|\.{0,2}[\\/]|~|[A-Za-z]:[\\/])/.test(target);
}
