/** The value of the first line `KEY=VALUE`; undefined if there is none. */
export function valueOf(text: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim();
}

/** The values of all lines `KEY VALUE`. */
export function valuesOf(text: string, key: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
}
