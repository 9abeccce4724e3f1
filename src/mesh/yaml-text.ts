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
 * YAML for the programs of Kubernetes and Istio. They read YAML 1.1 (sigs.k8s.io/yaml), where `on`, `no`, `0b11` and `1_000`
 * are no text: a text that reads so is quoted.
 */
export function formatYaml(value: unknown, options: Options = {}): string {
  const document = new Document(value, { compat: 'yaml-1.1', ...options });
  visit(document, {
    Scalar: (_, node) => {
      // Only a text in double quotes can hold escapes, and in one line of it no break stays that a terminal would act on.
      if (typeof node.value === 'string' && isActive(node.value.replace(/[\n\t]/g, ''))) node.type = 'QUOTE_DOUBLE';
    },
  });
  return visibleLines(document.toString(options).replace(BEYOND, (mark) => `\\U${hex(mark).padStart(8, '0')}`));
}

/** Tags and the like: in YAML one escape of eight digits, where JSON has a pair of surrogates. */
const BEYOND = /(?=\p{Cf})[\u{10000}-\u{10ffff}]/gu;

const hex = (mark: string): string => (mark.codePointAt(0) ?? 0).toString(16);
