/** Whether owner and mode as `owner_mode` prints them are the wanted ones. A wanted owner without a group leaves the group open. */
export function sameOwnerAndMode(found: string, wanted: { readonly owner: string; readonly mode: string }): boolean {
  const [owner = '', mode = ''] = found.trim().split(' ');
  return sameOwner(owner, wanted.owner) && mode === wanted.mode.padStart(4, '0');
}

function sameOwner(found: string, wanted: string): boolean {
  const [user, group] = found.split(':');
  const [wantedUser, wantedGroup] = wanted.split(':');
  return user === wantedUser && (wantedGroup === undefined || group === undefined || group === wantedGroup);
}
