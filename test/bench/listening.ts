import { shellFile } from '../../src/text-files.ts';

/** Shell text that defines `listening PORT TENTHS`. */
export const LISTENING = shellFile(new URL('listening.sh', import.meta.url)).text;
