import type { JudgedPart } from '../../../src/checks/mesh/judge-picture.ts';
import { type Edit, findingsOf, healthyMesh, judged, type PictureWords } from '../../support/healthy-mesh.ts';

/** A mesh that is broken in one way, what is found, and a part of the detail or hint of its first finding. */
export interface Broken {
  readonly title: string;
  readonly edits: readonly Edit[];
  readonly words?: PictureWords & Partial<JudgedPart>;
  readonly found: readonly string[];
  readonly says: RegExp;
  /** A finding of these checks may have no command. */
  readonly withoutHint?: true;
}

/** Each broken mesh gives exactly its findings, which name the object and a command. */
export function testBroken(cases: readonly Broken[]): void {
  test.each(cases)('$title', async ({ edits, words, found, says, withoutHint }) => {
    const results = await judged(healthyMesh(...edits), words);
    expect(findingsOf(results)).toEqual(found);
    const failed = results.filter(({ ok }) => ok === false);
    expect(failed.map(({ detail, hint = '' }) => `${detail} | ${hint}`).join('\n')).toMatch(says);
    for (const { object, hint } of failed) {
      expect(object).toMatch(/\S/);
      expect(hint === undefined).toBe(withoutHint === true);
    }
  });
}

/** A merge patch in YAML. */
export function change(object: string, to: string): Edit {
  return { change: object, to };
}

export function remove(object: string): Edit {
  return { remove: object };
}

export function add(...texts: readonly string[]): Edit {
  return { add: texts.join('\n---\n') };
}
