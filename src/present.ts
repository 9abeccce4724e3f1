type Present<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

/** The fields that have a value: under exactOptionalPropertyTypes absent and undefined are two things. */
export function present<Fields extends object>(fields: Fields): Present<Fields> {
  // as: fromEntries forgets the names of the keys that entries had.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
}
