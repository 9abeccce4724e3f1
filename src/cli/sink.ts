import type { Lines, Runtime } from '../runtime.ts';
import { visible, visibleLines } from '../visible.ts';

/** What main.ts and tests give: where finished text goes. */
export interface Outlet extends Omit<Runtime, 'out' | 'err'> {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * The one way to a terminal. Whatever a VM, a cluster, a package or a file put into a text arrives without a character on which
 * a terminal acts; color is laid on afterwards.
 */
export function sink(outlet: Outlet): Runtime {
  const shown = (lines: Lines): string => [lines].flat().map(visible).join('\n');
  const err: Runtime['err'] = (lines, paint = (text) => text) => outlet.err(paint(shown(lines)));
  const out: Runtime['out'] = (text) => outlet.out(typeof text === 'string' ? visibleLines(text) : shown(text));
  const asking = (name: 'ask' | 'askSecret') => ({
    enumerable: true,
    get: (): Runtime['ask'] => {
      const ask = outlet[name];
      return ask && ((question) => ask(visible(question)));
    },
  });
  const value = (it: unknown) => ({ enumerable: true, value: it });
  // Getters stay getters: to look whether somebody sits at the terminal costs a tenth of the start.
  const own = { out: value(out), err: value(err), ask: asking('ask'), askSecret: asking('askSecret') };
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(outlet), ...own }) as Runtime;
}
