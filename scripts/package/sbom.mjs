// What is in the executable, as CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledPackages } from '../notices.mjs';
import { RUNTIMES } from './runtime.mjs';

/** `time` in seconds since 1970; `versions` is `process.versions` of the runtime, the libraries built into it. */
export async function sbom({ root, metafile, product, arch, time, versions }) {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const bundled = bundledPackages(metafile).map((folder) => npmPackage(folder, packages[folder]));
  const { node, ...libraries } = versions;
  const runtime = {
    ...{ type: 'platform', name: 'Node.js', version: node, licenses: [{ license: { id: 'MIT' } }] },
    ...{ purl: `pkg:npm/node-linux-${arch}@${RUNTIMES.version}`, hashes: hashes(RUNTIMES.integrity[arch]) },
    components: Object.entries(libraries)
      .filter(([name]) => name !== 'modules' && name !== 'napi')
      .map(([name, version]) => ({ type: 'library', name, version })),
  };
  const document = {
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        ...{ type: 'application', name: product.name, version: product.version, description: product.description },
        licenses: [{ license: { id: product.license } }],
      },
    },
    components: [...bundled, runtime],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function npmPackage(folder, { version, license, integrity }) {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return {
    ...{ type: 'library', name, version, purl: `pkg:npm/${name.replace(/^@/, '%40')}@${version}` },
    ...(license && {
      licenses: [/ (?:OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
    }),
    ...(integrity && { hashes: hashes(integrity) }),
  };
}

/** Of `sha512-BASE64`, as npm writes digests. */
function hashes(integrity) {
  return [{ alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }];
}
