import type { ConfigNode, ConfigTree } from './ssh-config-file.ts';

/** The names of Host lines that are no patterns, in the order of the files. */
export function namedHosts({ nodes }: ConfigTree): readonly string[] {
  return [...new Set(namesIn(nodes))];
}

function namesIn(nodes: readonly ConfigNode[]): readonly string[] {
  return nodes.flatMap(({ keyword, words, included }) => {
    if (included) return namesIn(included);
    return keyword === 'host' ? words.filter((word) => /^[\w@.:-]+$/.test(word) && !word.startsWith('-')) : [];
  });
}
