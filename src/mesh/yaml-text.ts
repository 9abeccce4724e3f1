import { isActive, visibleLines } from '../visible.ts';
import {
  type CreateNodeOptions,
  Document,
  type DocumentOptions,
  type SchemaOptions,
  visit,
  type ToStringOptions,
} from 'yaml';

type Options = DocumentOptions & SchemaOptions & CreateNodeOptions & ToStringOptions;

/**
 * YAML for Kubernetes and Istio, which read YAML 1.1 (sigs.k8s.io/yaml). Text such as `on`, `no`, `0b11` or `1_000` is
 * quoted.
 */
export function formatYaml(value: unknown, options: Options = {}): string {
  const document = new Document(value, { compat: 'yaml-1.1', ...options });
  visit(document, {
    Scalar: (_, node) => {
      // Only double quotes allow escapes for characters that a terminal would act on.
      if (typeof node.value === 'string' && isActive(node.value.replace(/[\n\t]/g, ''))) node.type = 'QUOTE_DOUBLE';
    },
  });
  return visibleLines(document.toString(options).replace(BEYOND, (mark) => `\\U${hex(mark).padStart(8, '0')}`));
}

/** YAML escapes such a character with eight digits, JSON with a pair of surrogates. */
const BEYOND = /(?=\p{Cf})[\u{10000}-\u{10ffff}]/gu;

const hex = (mark: string): string => (mark.codePointAt(0) ?? 0).toString(16);
