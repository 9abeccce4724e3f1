import type { PortMeaning } from '../../mesh/protocol.ts';
import type { Result } from '../check.ts';
import type { PortOfService } from '../mesh/objects.ts';

interface RegisteredFacts {
  readonly ports: readonly {
    readonly port: PortOfService;
    readonly meaning: PortMeaning;
    /** ADDRESS:PORT */
    readonly endpoints: readonly string[];
  }[];
  /** Of the entries that the Service selects. */
  readonly addresses: readonly string[];
}

const verdict = { category: 'registration', severity: 'error', ms: 0 } as const;

/** Whether a VM is behind each port, and whether the one that serves is watched. */
export function judgeRegistered(
  { ports, addresses }: RegisteredFacts,
  server: { readonly watched: string } | { readonly unwatched: string },
): readonly Result[] {
  const results = ports.map(({ port, meaning, endpoints }): Result => {
    const about = { ...verdict, id: 'endpoint-registered', title: 'a VM is registered for it' };
    const none = `no endpoint (${addresses.length} entries are selected)`;
    const detail = `${port.name || 'no name'}, ${meaning.words}: ${endpoints.join(', ') || none}`;
    const found = { ...about, object: `port ${port.number}`, detail };
    if (endpoints.length > 0) return { ...found, ok: true };
    return { ...found, ok: false, hint: 'Find out why: meshx check --only registration,service' };
  });
  const watched = { ...verdict, id: 'server-watched', title: 'the VM that serves is watched over SSH' };
  const last: Result =
    'watched' in server
      ? { ...watched, ok: true, detail: server.watched }
      : { ...watched, ok: 'skipped', detail: server.unwatched, hint: 'Name the VM with --vm' };
  return [...results, last];
}
