import { lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { replaceFile } from '../../../host/replace-file.ts';
import { showRef, refOf, type KubeObject, type ObjectRef } from '../../../mesh/kube-object.ts';
import { isSubdomain } from '../../../mesh/names.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { errorCode, errorText } from '../foreign-error.ts';
import { appliedObject } from '../applied-object.ts';
import { manifestProblems } from '../../../problems/manifests.ts';
import { formatYaml } from '../../../mesh/yaml-text.ts';

const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const FIRST_LINE = '# Written by meshx. Changes made by hand are lost at the next run.';

/** Where meshx writes an object: meshx/NAMESPACE/KIND-NAME.yaml, relative to the folder. Throws for hostile names and kinds. */
function ownFile(ref: ObjectRef): string {
  const place = ref.namespace ?? (ref.kind === 'Namespace' ? ref.name : 'cluster');
  const bad = [place, ref.name].find((part) => !isSubdomain(part)) ?? (KIND.test(ref.kind) ? undefined : ref.kind);
  if (bad !== undefined) {
    throw clusterProblems.refused({ object: showRef(ref), reason: `bad name ${JSON.stringify(bad)}` });
  }
  return join('meshx', place, `${ref.kind.toLowerCase()}-${ref.name}.yaml`);
}

export async function writeOwnFile(folder: string, object: KubeObject): Promise<string> {
  const file = ownFile(refOf(object));
  const path = join(folder, file);
  try {
    await makeInside(folder, dirname(file));
    await replaceFile(
      path,
      `${FIRST_LINE}\n${formatYaml(appliedObject(object), { lineWidth: 0, aliasDuplicateObjects: false })}`,
    );
  } catch (error) {
    throw manifestProblems.manifestUnwritable({ file: path, reason: errorText(error) }, error);
  }
  return file;
}

/** Creates a directory below the folder, level by level. Throws if a link or a file is in the way. */
async function makeInside(folder: string, directory: string): Promise<void> {
  let path = folder;
  for (const part of directory.split(sep)) {
    path = join(path, part);
    await mkdir(path).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    if (!(await lstat(path)).isDirectory()) throw new Error(`${path} is not a directory`);
  }
}

/** True for a file that meshx wrote: by its place and its first line. */
export async function isOwnFile(folder: string, file: string, ref: ObjectRef): Promise<boolean> {
  if (file !== ownFile(ref)) return false;
  return (await readFile(join(folder, file), 'utf8')).startsWith(FIRST_LINE);
}

export async function removeOwnFile(folder: string, file: string): Promise<void> {
  await rm(join(folder, file));
}
