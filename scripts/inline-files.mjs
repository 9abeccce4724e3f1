// The files that are part of the program (scripts for VMs, units, templates, a page of docs) go into the bundle as texts: nothing
// is read beside it. Run from source, src/text-files.ts reads the files; its results of the build go into the bundle.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';

const SOURCES = /[/\\](?:src|test)[/\\].*\.ts$/;
const CALL =
  /\b(textFiles?|shellFiles?|browserBundle)\(\s*new URL\('([^']+)', import\.meta\.url\)(?:,\s*'([^']*)')?,?\s*\)/g;

/** esbuild plugin: each call of textFile, textFiles, shellFile, shellFiles and browserBundle becomes what it returns. */
export const inlineFiles = {
  name: 'inline-files',
  setup(build) {
    const files = functions();
    build.onLoad({ filter: SOURCES }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const imports = [];
      const contents = text.replace(CALL, (_, name, relative, ending = '') => {
        const url = new URL(relative, pathToFileURL(path));
        imports.push(`import inlined${imports.length} from ${JSON.stringify(`inlined:${name}:${ending}:${url}`)};\n`);
        return `inlined${imports.length - 1}`;
      });
      if (
        /\b(?:textFiles?|shellFiles?|browserBundle)\(/.test(contents) &&
        !/\/(?:text-files|browser-bundle)\.ts$/.test(path)
      ) {
        throw new Error(`${path} asks for a file by more than a literal new URL: the bundle cannot have it`);
      }
      // Behind the rest, so that lines keep their numbers.
      return imports.length > 0 ? { contents: contents + imports.join(''), loader: 'ts' } : undefined;
    });
    build.onResolve({ filter: /^inlined:/ }, ({ path }) => ({ path, namespace: 'inlined' }));
    build.onLoad({ filter: /.*/, namespace: 'inlined' }, async ({ path }) => inlined(await files, path));
  },
};

async function functions() {
  const load = async (path) => await tsImport(path, import.meta.url);
  return { ...(await load('../src/text-files.ts')), ...(await load('../src/browser-bundle.ts')) };
}

/** A listing imports each file by itself, so that a text is in the bundle once. */
function inlined(files, path) {
  const [, name, ending, ...rest] = path.split(':');
  const url = new URL(rest.join(':'));
  if (!name.endsWith('s')) {
    const watchFiles = [fileURLToPath(url)];
    return {
      contents: JSON.stringify(files[name](url)),
      loader: 'json',
      watchFiles,
      resolveDir: dirname(watchFiles[0]),
    };
  }
  const names = files.namesBelow(url, ending);
  const imports = names.map((each, at) => `import f${at} from 'inlined:${name.slice(0, -1)}::${new URL(each, url)}';`);
  const members = names.map((each, at) => (name === 'textFiles' ? `${JSON.stringify(each)}: f${at}` : `f${at}`));
  const list = name === 'textFiles' ? `{ ${members.join(', ')} }` : `[${members.join(', ')}]`;
  return { contents: `${imports.join('\n')}\nexport default ${list};`, loader: 'js' };
}
