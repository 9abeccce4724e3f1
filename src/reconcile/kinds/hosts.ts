import { editKind } from './edit.ts';
import { joinLines, splitLines } from './line.ts';

/** An entry of /etc/hosts: these names have this address and no other. */
export interface HostsWant {
  readonly kind: 'hosts';
  readonly address: string;
  readonly names: readonly string[];
}

/** A comment that marks meshx's lines. */
const MARKER = '# meshx';

export const hosts = editKind<HostsWant>({
  id: (want) => `hosts:${want.names.join(',')}`,
  path: () => '/etc/hosts',
  edit: editHosts,
  summary: (want) => `map ${want.names.join(' and ')} to ${want.address} in /etc/hosts`,
});

/**
 * The text with our line in it. The first line with a name wins in the resolver, so every other line loses these names; a
 * line without names is dropped. Our line takes the place of the first line of ours that gave one of the names. Pure.
 */
export function editHosts(text: string, want: Pick<HostsWant, 'address' | 'names'>): string {
  const ours = `${want.address} ${want.names.join(' ')} ${MARKER}`;
  const lines = splitLines(text);
  const names = new Set(want.names.map((name) => name.toLowerCase()));
  const stays = (line: string): boolean => line === ours || (line.endsWith(MARKER) && hasName(line, names));
  const place = lines.findIndex(stays);
  const edited = lines.flatMap((line, index) => (index === place ? [ours] : withoutNames(line, names)));
  if (place < 0) edited.push(ours);
  return edited.join('\n') === lines.join('\n') ? text : joinLines(edited);
}

function hasName(line: string, names: ReadonlySet<string>): boolean {
  return words(line).some((name) => names.has(name.toLowerCase()));
}

/** The names of a line, without its address and comment. */
function words(line: string): readonly string[] {
  return (line.split('#', 1)[0] ?? '').trim().split(/\s+/).slice(1);
}

/** The line as it is when it gives none of the names; else without them, with its spaces and comment; [] when none is left. */
function withoutNames(line: string, names: ReadonlySet<string>): readonly string[] {
  if (!hasName(line, names)) return [line];
  const body = line.split('#', 1)[0] ?? '';
  const comment = line.slice(body.length);
  if (words(line).every((name) => names.has(name.toLowerCase()))) return [];
  const left = body.replace(/(\s+)(\S+)/g, (whole, _space: string, name: string, offset: number) => {
    const isAddress = body.slice(0, offset).trim() === '';
    return !isAddress && names.has(name.toLowerCase()) ? '' : whole;
  });
  return [left + comment];
}
