import type { RootScript } from '../../host/run/root-program.ts';
import { shellFiles } from '../../text-files.ts';

/**
 * Every script that this version of meshx runs as root on a VM: each file NAME.root.sh below src/, under the name NAME. The root
 * program runs it under no other, so that sudo's log says what ran.
 */
export const ROOT_SCRIPTS: readonly RootScript[] = shellFiles(new URL('../../', import.meta.url), '.root.sh');
