import fc from 'fast-check';
import { parse } from 'yaml';
import { formatYaml } from '../../src/mesh/yaml-text.ts';

const words = [
  'on',
  'yes',
  'No',
  'OFF',
  'y',
  'N',
  '0b11',
  '1_000',
  '012',
  '190:20:30',
  '2024-01-01',
  '1e3',
  '~',
  '<<',
  '',
];

test('text stays text for readers of YAML 1.1, such as Kubernetes', () => {
  const text = fc.oneof(fc.constantFrom(...words), fc.string());
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('canary', 'backup'), text), (labels) => {
      expect(parse(formatYaml({ labels }), { version: '1.1' })).toEqual({ labels });
      expect(parse(formatYaml({ labels }))).toEqual({ labels });
    }),
  );
});

test('other values, and text in every version of YAML, have no quotes', () => {
  expect(formatYaml({ ip: '10.0.0.1', service: 'web:http:8080', port: 3306, ready: true })).toBe(
    'ip: 10.0.0.1\nservice: web:http:8080\nport: 3306\nready: true\n',
  );
});
