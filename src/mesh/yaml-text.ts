import {
  type CreateNodeOptions,
  type DocumentOptions,
  type SchemaOptions,
  stringify,
  type ToStringOptions,
} from 'yaml';

type Options = DocumentOptions & SchemaOptions & CreateNodeOptions & ToStringOptions;

/**
 * YAML for the programs of Kubernetes and Istio. They read YAML 1.1 (sigs.k8s.io/yaml), where `on`, `no`, `0b11` and `1_000`
 * are no text: a text that reads so is quoted.
 */
export function formatYaml(value: unknown, options: Options = {}): string {
  return stringify(value, { compat: 'yaml-1.1', ...options });
}
