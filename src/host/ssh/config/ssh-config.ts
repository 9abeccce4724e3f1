import { join } from 'node:path';
import { hostProblems } from '../../../problems/host.ts';
import { type ConfigNode, type ConfigTree, readConfigTree } from './ssh-config-file.ts';
import { type Applies, hostApplies, matchApplies } from './ssh-config-match.ts';

/** The words of each keyword that meshx reads, from the first matching line; keywords in lower case. */
export type ConfigValues = ReadonlyMap<string, readonly string[]>;

const READ = [
  ...['hostname', 'user', 'port', 'identityfile', 'identitiesonly', 'identityagent', 'proxyjump', 'proxycommand'],
  ...['userknownhostsfile', 'globalknownhostsfile', 'hostkeyalias', 'hashknownhosts', 'connecttimeout'],
  'stricthostkeychecking',
  ...['certificatefile', 'revokedhostkeys', 'knownhostscommand'],
  ...['canonicalizehostname', 'canonicaldomains', 'canonicalizemaxdots', 'canonicalizefallbacklocal'],
  ...['canonicalizepermittedcnames'],
];
/** Keywords that would change the login and are ignored, each with its harmless values. */
const NOT_FOLLOWED: Readonly<Record<string, readonly string[]>> = {
  addressfamily: ['any'],
  bindaddress: [],
  bindinterface: [],
  hostbasedauthentication: ['no'],
  pkcs11provider: ['none'],
  proxyusefdpass: ['no'],
  securitykeyprovider: ['none', 'internal', '$SSH_SK_PROVIDER'],
  verifyhostkeydns: ['no'],
};
/** Keywords that accumulate over all matching blocks; for the others the first value wins. */
const SEVERAL = new Set(['identityfile', 'certificatefile']);

export interface AskedHost {
  /** As the operator gave it. */
  readonly host: string;
  readonly user?: string;
  /** For `Match localuser`, and the default user. */
  readonly localUser?: string;
  /** The name after CanonicalizeHostname, also if unchanged. */
  readonly canonical?: string;
}

/** Reads the user's and the system's file, or only `file`. Throws a Problem with all issues. */
export async function readSshConfig(home: string, file?: string): Promise<ConfigTree> {
  if (file === 'none') return { nodes: [], issues: [] };
  const folder = join(home, '.ssh');
  const user = await readConfigTree({ file: file ?? join(folder, 'config'), home, folder });
  if (file !== undefined && !user) throw hostProblems.fileUnreadable({ file, reason: 'it does not exist' });
  const system =
    file === undefined ? await readConfigTree({ file: '/etc/ssh/ssh_config', home, folder: '/etc/ssh' }) : undefined;
  const tree = {
    nodes: [...(user?.nodes ?? []), ...RESET, ...(system?.nodes ?? [])],
    issues: [...(user?.issues ?? []), ...(system?.issues ?? [])],
  };
  if (tree.issues.length > 0) throw invalid(tree.issues);
  return tree;
}

/** The last block of the user's file ends with the file. */
const RESET: readonly ConfigNode[] = [{ keyword: 'host', words: ['*'], rest: '*', where: '' }];

/** `KEYWORD (FILE:LINE)` of each ignored keyword that would change the login. Pure. */
export function notFollowed(tree: ConfigTree, asked: AskedHost): readonly string[] {
  const { passed } = readPasses(tree, asked);
  return [...passed].flatMap(([keyword, where]) => (where === '' ? [] : [`${keyword} (${where})`]));
}

/** The values for one host. Pure. Throws a Problem if they depend on a condition that meshx does not evaluate. */
export function configValues(tree: ConfigTree, asked: AskedHost): ConfigValues {
  const pass = readPasses(tree, asked);
  if (pass.issues.length > 0) throw invalid([...new Set(pass.issues)]);
  return pass.values;
}

function readPasses(tree: ConfigTree, asked: AskedHost): Pass {
  const pass = new Pass(asked, false);
  pass.read(tree.nodes, 'yes');
  // As in OpenSSH: with `Match final` or a canonical name, everything is read again with the current name.
  if (pass.sawFinal || asked.canonical !== undefined) pass.readAgain(tree.nodes);
  return pass;
}

const invalid = (issues: readonly string[]) =>
  hostProblems.configInvalid({ issues, files: [...new Set(issues.map((issue) => issue.replace(/:\d+: .*$/s, '')))] });

/** One reading from top to bottom; the first value of a keyword wins. */
class Pass {
  readonly values = new Map<string, readonly string[]>();
  readonly issues: string[] = [];
  /** Ignored keywords, with the location of the first; empty if its value is harmless. */
  readonly passed = new Map<string, string>();
  readonly #asked: AskedHost;
  sawFinal = false;
  final: boolean;

  constructor(asked: AskedHost, final: boolean) {
    this.#asked = asked;
    this.final = final;
  }

  /** The HostName of the first reading replaces later ones. */
  readAgain(nodes: readonly ConfigNode[]): void {
    const { host } = this.#facts();
    this.values.set('hostname', [(this.#asked.canonical ?? host).toLowerCase().replaceAll('%', '%%')]);
    this.final = true;
    this.read(nodes, 'yes');
  }

  /** Blocks within an included file apply only where the Include itself applies. */
  read(nodes: readonly ConfigNode[], outer: Applies): void {
    let applies = outer;
    for (const node of nodes) {
      if (node.keyword === 'host') applies = both(outer, hostApplies(node, this.#facts()));
      else if (node.keyword === 'match') {
        this.sawFinal ||= node.words.some((word) => /^!?final$/i.test(word));
        applies = both(outer, matchApplies(node, this.#facts()));
      } else if (node.included) this.read(node.included, applies);
      else if (applies !== 'no' && READ.includes(node.keyword)) this.#take(node, applies);
      else if (applies !== 'no') this.#pass(node);
    }
  }

  #pass({ keyword, words, where }: ConfigNode): void {
    const harmless = NOT_FOLLOWED[keyword];
    if (!harmless || this.passed.has(keyword)) return;
    this.passed.set(keyword, harmless.includes(words[0] ?? '') ? '' : where);
  }

  #take(node: ConfigNode, applies: Applies): void {
    const { keyword, words } = node;
    const earlier = this.values.get(keyword);
    const way = keyword === 'proxyjump' || keyword === 'proxycommand';
    const isSet = earlier !== undefined || (way && (this.values.has('proxyjump') || this.values.has('proxycommand')));
    if (isSet && !SEVERAL.has(keyword)) return;
    if (applies === 'maybe') {
      this.issues.push(`${node.where}: this line depends on a Match condition that only ssh itself can evaluate`);
    } else if (SEVERAL.has(keyword)) {
      if (!earlier?.includes(words[0] ?? '')) this.values.set(keyword, [...(earlier ?? []), words[0] ?? '']);
    } else this.values.set(keyword, words);
  }

  #facts() {
    const original = this.#asked.host;
    const named = this.values.get('hostname')?.[0]?.replaceAll('%h', original).replaceAll('%%', '%');
    const host = named ?? original;
    const { localUser = '' } = this.#asked;
    const user = this.#asked.user ?? this.values.get('user')?.[0] ?? localUser;
    return { original, host, nameOfBlocks: this.final ? host : original, user, localUser, final: this.final };
  }
}

const both = (outer: Applies, inner: Applies): Applies =>
  outer === 'no' || inner === 'no' ? 'no' : outer === 'maybe' || inner === 'maybe' ? 'maybe' : 'yes';
