import { quote } from '../shell-words.ts';
import { visible } from '../visible.ts';

/** `VM` where a command of meshx takes the name of a VM. */
const PLACEHOLDER = /(?<=\bmeshx (?:verify vm|[a-z][a-z-]*) )VM\b/g;

/** A text about one VM whose commands name it: `meshx rejoin VM` becomes `meshx rejoin db1`. A check need not know the name. */
export function nameVm(text: string, vm: string): string {
  return text.replace(PLACEHOLDER, () => quote(visible(vm)));
}

/** A finding about one VM whose hint names it. */
export function withVmInHint<Found extends { readonly hint?: string }>(found: Found, vm: string): Found {
  return found.hint === undefined ? found : { ...found, hint: nameVm(found.hint, vm) };
}
