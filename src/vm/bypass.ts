import type { PlannedStep } from '../reconcile/plan.ts';
import { PLACES } from './places.ts';

/** What meshx-bypass moved aside lies beside the files of others, and no journal knows it. */
const FORGET = 'test ! -x "$1" || exec "$1" forget';

/** Lets a VM that meshx-bypass keeps out of the mesh forget the way back; before an undo, which takes meshx-bypass away. Pure. */
export function forgetBypass(): PlannedStep {
  const script = { name: 'bypass-forget', text: FORGET, args: [PLACES.bypass] };
  return {
    id: 'bypass',
    title: 'Forget what meshx-bypass put aside',
    changes: [{ summary: 'remove what meshx-bypass put aside', scripts: [{ script }] }],
    touches: {},
  };
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [FORGET];
