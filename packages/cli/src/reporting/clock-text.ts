/** The local time of day: 14:05:09. */
export function clockText(time: string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "--:--:--";
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
