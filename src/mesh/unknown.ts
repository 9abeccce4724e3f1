/** Reads a field of something that came from outside: {} when it is no mapping. */
export function mapping(value: unknown): Readonly<Record<string, unknown>> {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  // A plain object has string keys; what its values are stays unknown.
  return isMapping ? (value as Record<string, unknown>) : {};
}

/** A list from outside: [] when it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text from outside, undefined when it is none or empty. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A mapping of text to text: entries with other values are left out. */
export function textMapping(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(mapping(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
