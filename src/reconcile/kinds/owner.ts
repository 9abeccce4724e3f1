interface Owned {
  readonly owner: string;
  readonly mode: string;
}

/** Whether owner and mode as `owner_mode` prints them are the wanted ones. A wanted owner without a group leaves the group open. */
export function sameOwnerAndMode(found: string, wanted: Owned): boolean {
  const [, mode = ''] = found.trim().split(' ');
  return sameOwner(found, wanted) && mode === wanted.mode.padStart(4, '0');
}

/** The same for the owner alone. */
export function sameOwner(found: string, wanted: Pick<Owned, 'owner'>): boolean {
  const [owner = ''] = found.trim().split(' ');
  const [user, group] = owner.split(':');
  const [wantedUser, wantedGroup] = wanted.owner.split(':');
  return user === wantedUser && (wantedGroup === undefined || group === undefined || group === wantedGroup);
}

/** Whether an earlier change of the plan may give the thing to another user: what was found of its owner no longer counts. */
export function isGiven({ after = [] }: { readonly after?: readonly string[] }, touched: ReadonlySet<string>): boolean {
  return after.some((id) => touched.has(id));
}
