import { sentence } from '../../sentence.ts';
import { visible } from '../../visible.ts';
import { CATEGORIES, type Result } from '../check.ts';
import { type CheckReport, outcomeOf } from './report.ts';

/** The report as JUnit's XML: a suite for each category, a case for each result. Warnings and notes pass, with their text as output. */
export function formatJunit({ cluster, results, ms }: CheckReport): string {
  const suites = CATEGORIES.flatMap((category) => {
    const own = results.filter((result) => result.category === category);
    return own.length === 0 ? [] : [suite(category, own)];
  });
  const head = `<testsuites name="${escaped(`meshx check ${cluster}`)}" ${counts(results)} time="${(ms / 1000).toFixed(3)}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, '</testsuites>', ''].join('\n');
}

function counts(results: readonly Result[]): string {
  const failed = results.filter((result) => outcomeOf(result) === 'error').length;
  const skipped = results.filter(({ ok }) => ok === 'skipped').length;
  return `tests="${results.length}" failures="${failed}" errors="0" skipped="${skipped}"`;
}

function suite(category: string, results: readonly Result[]): string {
  return [`  <testsuite name="${category}" ${counts(results)}>`, ...results.map(testCase), '  </testsuite>'].join('\n');
}

function testCase(result: Result): string {
  const { id, title, category, object } = result;
  const name = object === undefined ? title : `${title} (${object})`;
  const head = `    <testcase classname="meshx.${category}.${escaped(id)}" name="${escaped(name)}"`;
  const body = bodyOf(result);
  return body === undefined ? `${head}/>` : `${head}>\n      ${body}\n    </testcase>`;
}

function bodyOf(result: Result): string | undefined {
  const { detail, hint } = result;
  const text = escaped(hint === undefined ? detail : `${sentence(detail)} ${hint}`);
  switch (outcomeOf(result)) {
    case 'ok':
      return undefined;
    case 'skipped':
      return `<skipped message="${escaped(detail)}"/>`;
    case 'error':
      return `<failure type="${result.severity}" message="${escaped(detail)}">${text}</failure>`;
    case 'warning':
    case 'note':
      return `<system-out>${outcomeOf(result)}: ${text}</system-out>`;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no form for most control characters, so they are shown as escapes first. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark);
}
