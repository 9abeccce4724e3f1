/** What a variable says of a switch; undefined for another text. */
export function truthOf(value: unknown): boolean | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  return /^(0|false|no|off|)$/i.test(value) ? false : undefined;
}
