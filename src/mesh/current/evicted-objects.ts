import * as z from 'zod';
import type { KubeObject } from '../kube-object.ts';
import { VM_LABEL } from '../workload-labels.ts';
import { sidecarName } from './sidecar.ts';

/** The workload whose objects an eviction removes. */
export interface Evicted {
  readonly namespace: string;
  readonly group: string;
  readonly serviceAccount: string;
}

const Texts = z.record(z.string(), z.string());
const Whole = z.int().nonnegative();
const Port = z.int().min(1).max(65_535);
const NETWORKING = z.templateLiteral(['networking.istio.io/', z.enum(['v1', 'v1beta1', 'v1alpha3'])]);

const Probe = z.object({
  initialDelaySeconds: Whole.optional(),
  timeoutSeconds: Whole.optional(),
  periodSeconds: Whole.optional(),
  successThreshold: Whole.optional(),
  failureThreshold: Whole.optional(),
  httpGet: z
    .object({
      path: z.string().optional(),
      port: Port,
      host: z.string().optional(),
      scheme: z.string().optional(),
      httpHeaders: z.array(z.object({ name: z.string().optional(), value: z.string().optional() })).optional(),
    })
    .optional(),
  tcpSocket: z.object({ host: z.string().optional(), port: Port }).optional(),
  exec: z.object({ command: z.array(z.string()) }).optional(),
  grpc: z.object({ port: Port.optional(), service: z.string().optional() }).optional(),
});

const Template = z.object({
  address: z.string().optional(),
  ports: z.record(z.string(), Port).optional(),
  labels: Texts.optional(),
  network: z.string().optional(),
  locality: z.string().optional(),
  weight: Whole.optional(),
  serviceAccount: z.string().optional(),
});

const GroupSpec = z.object({
  metadata: z.object({ labels: Texts.optional(), annotations: Texts.optional() }).optional(),
  template: Template,
  probe: Probe.optional(),
});

const SidecarPort = z.object({ number: Port, protocol: z.string(), name: z.string() });
const Ingress = z.object({
  port: SidecarPort,
  defaultEndpoint: z
    .string()
    .regex(/^127\.0\.0\.1:\d+$/)
    .optional(),
});
const Egress = z.object({
  port: SidecarPort.optional(),
  bind: z.string().optional(),
  captureMode: z.string().optional(),
  hosts: z.array(z.string()),
});
const EgressProxy = z.object({
  host: z.string(),
  subset: z.string().optional(),
  port: z.object({ number: Port }).optional(),
});

const SidecarSpec = z.object({
  ingress: z.array(Ingress),
  egress: z.array(Egress).optional(),
  outboundTrafficPolicy: z.object({ mode: z.string().optional(), egressProxy: EgressProxy.optional() }).optional(),
});

/** The shape of each object that an eviction removes. Parsing drops every other field. */
function shapes({ namespace, group, serviceAccount }: Evicted) {
  const metadata = (name: string) =>
    z.object({
      name: z.literal(name),
      namespace: z.literal(namespace),
      labels: Texts.optional(),
      annotations: Texts.optional(),
    });
  const account = Template.refine(
    (template) => (template.serviceAccount || 'default') === serviceAccount,
    `its account is not ${serviceAccount}`,
  );
  return {
    WorkloadGroup: z.object({
      apiVersion: NETWORKING,
      kind: z.literal('WorkloadGroup'),
      metadata: metadata(group),
      spec: GroupSpec.extend({ template: account }),
    }),
    Sidecar: z.object({
      apiVersion: NETWORKING,
      kind: z.literal('Sidecar'),
      metadata: metadata(sidecarName(group)).extend({
        labels: Texts.refine((labels) => labels['app.kubernetes.io/managed-by'] === 'meshx', 'meshx did not make it'),
      }),
      spec: SidecarSpec.extend({
        workloadSelector: z.strictObject({ labels: z.strictObject({ [VM_LABEL]: z.literal(group) }) }),
      }),
    }),
    ServiceAccount: z.object({
      apiVersion: z.literal('v1'),
      kind: z.literal('ServiceAccount'),
      metadata: metadata(serviceAccount),
      automountServiceAccountToken: z.boolean().optional(),
      imagePullSecrets: z.array(z.object({ name: z.string() })).optional(),
    }),
  };
}

/**
 * Rebuilds an object that an eviction removed from its known fields, or returns why it is refused. Others can edit the
 * annotation that keeps it, and the operator who lifts the eviction often has more rights than they.
 */
export function restorable(object: unknown, evicted: Evicted): KubeObject | string {
  const found = z.object({ kind: z.enum(['WorkloadGroup', 'Sidecar', 'ServiceAccount']) }).safeParse(object);
  if (!found.success) return 'an eviction keeps a WorkloadGroup, a Sidecar and a ServiceAccount only';
  const { kind } = found.data;
  const parsed = shapes(evicted)[kind].safeParse(object);
  if (parsed.success) return parsed.data as KubeObject;
  const [issue] = parsed.error.issues;
  return `${kind}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}
