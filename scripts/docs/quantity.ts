export function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}

export function percent(share: number): string {
  return `${share * 100} %`;
}

export function time(ms: number): string {
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`;
  return `${ms / 1000} s`;
}
