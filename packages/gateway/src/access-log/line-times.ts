const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Times in ISO 8601. What lines of the same second share is kept, because formatting a date takes long. */
export class IsoTimes {
  #second = NaN;
  /** Up to the milliseconds. */
  #text = "";

  /** @param time milliseconds since 1970 */
  text(time: number): string {
    const second = Math.floor(time / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1_000).toISOString().slice(0, -"000Z".length);
    }
    const milliseconds = Math.floor(time - second * 1_000);
    return `${this.#text}${milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""}${milliseconds}Z`;
  }
}

/** Times of the common log format, in the time zone of the machine: `28/Nov/2026:01:44:55 +0000`. */
export class LocalTimes {
  #second = NaN;
  #text = "";

  /** @param time milliseconds since 1970 */
  text(time: number): string {
    const second = Math.floor(time / 1_000);
    if (second === this.#second) return this.#text;
    this.#second = second;
    return (this.#text = localText(new Date(second * 1_000)));
  }
}

function localText(date: Date): string {
  const day = `${digits(date.getDate())}/${MONTHS[date.getMonth()]!}/${date.getFullYear()}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(digits).join(":");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${digits(Math.trunc(Math.abs(offset) / 60))}${digits(Math.abs(offset) % 60)}`;
  return `${day}:${clock} ${zone}`;
}

function digits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
