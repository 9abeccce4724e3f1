import { present } from '../present.ts';
import { type Terminal, VERBOSITIES, type Verbosity } from '../terminal.ts';
import type { Lines, World } from '../world.ts';
import type { Surroundings } from './command.ts';
import { visible, visibleLines } from '../visible.ts';

/** Where finished text goes, given by main.ts and tests. */
export interface Outlet extends Omit<World, 'note'>, Omit<Terminal, 'out' | 'err' | 'tell' | 'verbosity'> {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** What is given, divided: use cases get the world, and their remarks go to the terminal. */
export function surroundings(outlet: Outlet): Surroundings {
  const terminal = sink(outlet);
  const { env, cwd, home, now, signal, version, executable } = outlet;
  const note: World['note'] = (lines) => terminal.err(lines);
  return { world: { env, cwd, home, now, signal, version, note, ...present({ executable }) }, terminal };
}

/**
 * The only way to a terminal. Escapes characters that a terminal would act on in all text, which may come from a VM,
 * a cluster, a package or a file. Color is applied afterwards.
 */
export function sink(outlet: Outlet): Terminal {
  const shown = (lines: Lines): string => [lines].flat().map(visible).join('\n');
  const err: Terminal['err'] = (lines, paint = (text) => text) => outlet.err(paint(shown(lines)));
  const out: Terminal['out'] = (text) => outlet.out(typeof text === 'string' ? visibleLines(text) : shown(text));
  const { readStdin, complete } = outlet;
  return {
    out,
    err,
    tell: (from, lines) => (isShown(from, 'normal') ? err(lines) : undefined),
    verbosity: 'normal',
    // Getters stay getters: checking for a terminal costs a tenth of the start.
    get color() {
      return outlet.color;
    },
    get ask() {
      return asking(outlet.ask);
    },
    get askSecret() {
      return asking(outlet.askSecret);
    },
    get redraw() {
      const { redraw } = outlet;
      return redraw && ((lines: readonly string[]) => redraw(lines.map(visible)));
    },
    get live() {
      const { live } = outlet;
      return live && { ...live, show: (lines: readonly string[]) => live.show(lines.map(visible)) };
    },
    ...(readStdin && { readStdin }),
    ...(complete && { complete }),
  };
}

/** Whether lines that are wanted from a verbosity on are printed at another one. */
export function isShown(from: Verbosity, at: Verbosity): boolean {
  return VERBOSITIES.indexOf(from) <= VERBOSITIES.indexOf(at);
}

function asking(ask: Terminal['ask']): Terminal['ask'] {
  return ask && ((question) => ask(visible(question)));
}
