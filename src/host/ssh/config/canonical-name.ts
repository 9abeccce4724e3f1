import { lookup, resolveCname } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostProblems } from '../../../problems/host.ts';
import { matchesPatterns } from './pattern.ts';
import { hop, route, type RouteInput } from '../route.ts';
import type { SshName } from '../ssh-name.ts';
import type { Canonicalize, SshSettings } from './ssh-settings.ts';

/** DNS queries; tests have their own. */
export interface Resolver {
  readonly exists: (name: string) => Promise<boolean>;
  /** The end of a chain of CNAMEs; undefined without a CNAME. */
  readonly cname: (name: string) => Promise<string | undefined>;
}

/**
 * The names of a machine and its jump hosts that CanonicalizeHostname changes, by the given names (ssh_config(5)). Empty, without DNS
 * queries, if no host has that keyword. Throws `ssh-host-not-found` if CanonicalizeFallbackLocal is `no`.
 */
export async function canonicalNames(
  asked: SshName,
  input: RouteInput,
  dns: Resolver = system,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (;;) {
    const known = { ...input, canonical: names };
    const target = hop({ ...known, asked });
    const hops = target.proxyCommand === undefined ? [...route(target, known), target] : [target];
    const next = hops.find(({ alias, canonicalize }) => canonicalize && !names.has(alias));
    if (!next?.canonicalize) return names;
    names.set(next.alias, await canonicalName(next, next.canonicalize, dns));
  }
}

async function canonicalName({ alias, address }: SshSettings, rules: Canonicalize, dns: Resolver): Promise<string> {
  if (isIP(address)) return address;
  const follow = async (name: string): Promise<string> => followed(name, await dns.cname(name), rules);
  const anchored = address.endsWith('.');
  if (anchored && (await dns.exists(address))) return follow(address);
  if (address.split('.').length - 1 <= rules.maxDots) {
    for (const domain of rules.domains) {
      const name = `${address}.${domain}`;
      if (await dns.exists(`${name}.`)) return follow(name);
    }
    if (!rules.fallbackLocal) throw hostProblems.notFound({ host: alias, address });
  }
  return rules.permittedCnames.length > 0 && (await dns.exists(address)) ? follow(address) : address;
}

/** Follows a CNAME only if a rule `NAMES:TARGETS` allows it: DNS alone must not choose the host. */
function followed(name: string, cname: string | undefined, { permittedCnames }: Canonicalize): string {
  const allows = (rule: string, target: string): boolean => {
    const [names = '', targets = ''] = rule.split(':');
    return matchesPatterns(names.split(','), name) && matchesPatterns(targets.split(','), target);
  };
  return cname !== undefined && permittedCnames.some((rule) => allows(rule, cname)) ? cname : name;
}

const MOST_CNAMES = 8;

const system: Resolver = {
  exists: (name) =>
    lookup(name).then(
      () => true,
      () => false,
    ),
  cname: async (name) => {
    let end: string | undefined;
    for (let step = 0; step < MOST_CNAMES; step += 1) {
      const [next] = await resolveCname(end ?? name).catch(() => []);
      if (next === undefined) break;
      end = next.replace(/\.$/, '');
    }
    return end;
  },
};
