import { join } from 'node:path';
import { auditEvents, type AuditEvent } from '../../lab/audit.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Right } from '../../../src/cluster/rights/right.ts';
import { rightsOf } from '../../../src/cluster/rights/rights.ts';
import { expectDone } from './done.ts';

/** A user of the mesh's cluster with exactly the rights that `meshx rbac` prints. */
export class Viewer {
  readonly #lab: Lab;
  readonly #namespace: string;
  readonly kubeconfig: string;

  private constructor(lab: Lab, namespace: string, kubeconfig: string) {
    this.#lab = lab;
    this.#namespace = namespace;
    this.kubeconfig = kubeconfig;
  }

  static async in(lab: Lab, namespace: string): Promise<Viewer> {
    const file = join(lab.home, '.kube/viewer');
    await lab.mesh.writeKubeconfig('viewer', file);
    return new Viewer(lab, namespace, file);
  }

  /** The rights of these commands, and no others; `edit` may change the roles before they are given. */
  async mayDo(commands: readonly string[], edit = (roles: string): string => roles): Promise<void> {
    await this.mayDoNothing();
    const words = ['rbac', ...commands.flatMap((command) => command.split(' ')), '-n', this.#namespace];
    const printed = await this.#lab.meshx([...words, '--for', 'viewer']);
    expectDone(printed);
    await this.#lab.kubectl(['apply', '-f', '-'], edit(printed.stdout));
    const names = {
      'control plane': 'istio-system',
      workload: this.#namespace,
      'kube-system': 'kube-system',
      cluster: '',
    };
    // One right of each role is enough: the API server learns of the roles in their order.
    const rights = commands.flatMap((command) => rightsOf(command)).toReversed();
    const first = new Map(rights.map((right) => [right.place, right]));
    for (const { place, group, resource, verbs, names: objects } of first.values()) {
      const what = [`${resource}${group ? `.${group}` : ''}${objects ? `/${objects[0]}` : ''}`];
      await this.#settled([verbs.at(-1) ?? '', ...what, ...(names[place] ? ['-n', names[place]] : [])], 'yes');
    }
  }

  async mayDoNothing(): Promise<void> {
    const kinds = ['roles', 'rolebindings'].map((kind) => `${kind}.rbac.authorization.k8s.io`).join(',');
    const label = ['-l', 'app.kubernetes.io/managed-by=meshx'];
    await this.#lab.kubectl(['delete', kinds, '-A', ...label]);
    const wide = ['clusterroles', 'clusterrolebindings'].map((kind) => `${kind}.rbac.authorization.k8s.io`).join(',');
    await this.#lab.kubectl(['delete', wide, ...label]);
    await this.#settled(['get', 'services', '-n', 'istio-system'], 'no');
  }

  async #settled(question: readonly string[], answer: 'yes' | 'no'): Promise<void> {
    const args = ['auth', 'can-i', ...question, '--as', 'viewer', '--as-group', 'system:authenticated'];
    const asked = async (): Promise<boolean> => (await this.#lab.mesh.try(args)).stdout.trim() === answer;
    await this.#lab.waitFor(`the API server to say ${answer} to ${question.join(' ')}`, asked);
  }

  /** What the viewer asked of the API server since a moment, as `PLACE VERB GROUP/RESOURCE`; refusals beside it. */
  async used(since: number): Promise<{ readonly used: ReadonlySet<string>; readonly refused: readonly string[] }> {
    const events = (await auditEvents(this.#lab.mesh.auditLog)).filter(
      (event) => event.user === 'viewer' && event.at >= since && isAboutObjects(event),
    );
    const refused = events.filter(({ code }) => code === 403).map(({ verb, uri }) => `${verb} ${uri}`);
    return { used: new Set(events.flatMap((event) => this.#rights(event))), refused };
  }

  #rights({ uri, verb, code }: AuditEvent): readonly string[] {
    const path = uri.replace(/\?.*/, '');
    const [, group = '', rest = ''] = /^\/(?:api|apis\/([^/]+))\/v\w+\/(.*)$/.exec(path) ?? [];
    const [, namespace = '', below] = /^namespaces\/([^/]+)(?:\/(.*))?$/.exec(rest) ?? [];
    const [resource = '', , subresource] = below === undefined ? rest.split('/') : below.split('/');
    const place = { 'istio-system': 'control plane', [this.#namespace]: 'workload', 'kube-system': 'kube-system' };
    const where = place[namespace] ?? (namespace === '' ? 'cluster' : namespace);
    const what = `${group}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    // An apply that makes the object needs the right to create it, which the log does not show.
    const verbs = verb === 'patch' && code === 201 ? ['create', 'patch'] : [verb];
    return verbs.map((each) => `${where} ${each} ${what}`);
  }
}

function isAboutObjects({ uri }: AuditEvent): boolean {
  return /^\/(api|apis\/[^/]+)\/v\w+\/./.test(uri) && !uri.startsWith('/apis/authorization.k8s.io/');
}

/** The rights of the table as `PLACE VERB GROUP/RESOURCE`: all of them, and those without which no run goes well. */
export function granted(command: string): { readonly all: readonly string[]; readonly needed: readonly string[] } {
  const rights = rightsOf(command);
  return { all: linesOf(rights), needed: linesOf(rights.filter(({ optional }) => optional === undefined)) };
}

function linesOf(rights: readonly Right[]): readonly string[] {
  const lines = rights.flatMap(({ place, group, resource, verbs }) =>
    verbs.map((verb) => `${place} ${verb} ${group}/${resource}`),
  );
  return [...new Set(lines)].sort();
}

/** Nothing was refused, every right that was used is in the table, and every right of the table was used. */
export function expectExactly(command: string, { used, refused }: Awaited<ReturnType<Viewer['used']>>): void {
  const { all, needed } = granted(command);
  const missing = [...used].filter((right) => !all.includes(right));
  const unused = needed.filter((right) => !used.has(right));
  expect({ command, refused, missing, unused }).toEqual({ command, refused: [], missing: [], unused: [] });
}
