const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = "(\\d\\d):(\\d\\d):(\\d\\d)";
const IMF = new RegExp(`^[A-Z][a-z]{2}, (\\d\\d) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} GMT$`);
const RFC850 = new RegExp(`^[A-Z][a-z]{5,8}, (\\d\\d)-([A-Z][a-z]{2})-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`);

/**
 * The time in one of the three forms of a date (RFC 9110, section 5.6.7), in seconds since 1970; undefined if the text
 * is in none of them.
 */
export function parseHttpDate(text: string): number | undefined {
  const imf = IMF.exec(text);
  if (imf !== null) return seconds(imf[3]!, imf[2]!, imf[1]!, imf.slice(4));
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) return seconds(asctime[6]!, asctime[1]!, asctime[2]!, asctime.slice(3, 6));
  const old = RFC850.exec(text);
  return old === null ? undefined : seconds(fullYear(old[3]!), old[2]!, old[1]!, old.slice(4));
}

/** A year of two digits is never more than 50 years in the future. */
function fullYear(digits: string): string {
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + Number(digits);
  return String(year > now + 50 ? year - 100 : year);
}

function seconds(year: string, month: string, day: string, time: readonly string[]): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  const index = MONTHS.indexOf(month);
  const days = Number(day);
  if (index < 0 || days < 1 || days > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const date = Date.UTC(Number(year), index, days, hour, minute, second);
  return Math.floor(date / 1000);
}
