import { type KubeObject, refOf, showRef } from './kube-object.ts';
import { governingSidecar } from './current/sidecar.ts';
import { list, mapping } from './unknown.ts';

/** A service, and the namespace from which it is called. */
export interface VisibilityQuestion {
  /** Full name: mysqldb.vm.svc.cluster.local. */
  readonly host: string;
  readonly service: KubeObject;
  readonly callerNamespace: string;
  readonly rootNamespace: string;
  /** `defaultServiceExportTo` of the mesh config. */
  readonly defaultExportTo: readonly string[];
}

const EXPORT_TO = 'networking.istio.io/exportTo';

/** Why proxies of the caller's namespace do not get the service; undefined if they get it. */
export function hiddenBy(question: VisibilityQuestion, sidecars: readonly KubeObject[]): string | undefined {
  const { service, callerNamespace, rootNamespace } = question;
  if (!isExported(question)) return exportReason(service);
  const sidecar = governingSidecar(sidecars, callerNamespace, rootNamespace);
  const egress = list(mapping(sidecar?.['spec'])['egress']).map(mapping);
  if (!sidecar || egress.length === 0) return undefined;
  const hosts = egress.flatMap((listener) => list(listener['hosts'])).filter((host) => typeof host === 'string');
  if (hosts.some((host) => imports(host, question))) return undefined;
  return `${showRef(refOf(sidecar))} lets proxies of namespace ${callerNamespace} reach only ${hosts.join(', ')}`;
}

function exportReason(service: KubeObject): string {
  const own = service.metadata.annotations?.[EXPORT_TO];
  const name = showRef(refOf(service));
  return own === undefined
    ? `defaultServiceExportTo of the mesh config keeps ${name} to other namespaces`
    : `annotation ${EXPORT_TO}=${own} of ${name} keeps it to other namespaces`;
}

function isExported({ service, callerNamespace, defaultExportTo }: VisibilityQuestion): boolean {
  const own = service.metadata.annotations?.[EXPORT_TO]?.split(',').map((part) => part.trim());
  const to = own ?? defaultExportTo;
  if (to.length === 0 || to.includes('*') || to.includes(callerNamespace)) return true;
  return to.includes('.') && service.metadata.namespace === callerNamespace;
}

/** `NAMESPACE/HOST`, where the namespace may be `.`, `*` or `~`, and the host may begin with `*`. */
function imports(pattern: string, { host, service, callerNamespace }: VisibilityQuestion): boolean {
  const [place = '', name = ''] = pattern.includes('/') ? pattern.split('/') : ['*', pattern];
  const namespace = service.metadata.namespace ?? 'default';
  const isHere = place === '*' || place === namespace || (place === '.' && namespace === callerNamespace);
  return isHere && (name === host || (name.startsWith('*') && host.endsWith(name.slice(1))));
}
