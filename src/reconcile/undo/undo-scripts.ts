import { shellFile } from '../../text-files.ts';

// See each file for its purpose and arguments.

export const FILE_BACK = shellFile(new URL('./undo-restore.root.sh', import.meta.url));
export const TEXT_BACK = shellFile(new URL('./undo-text.root.sh', import.meta.url));
export const FILE_REMOVE = shellFile(new URL('./undo-remove.root.sh', import.meta.url));
export const DIRECTORY_REMOVE = shellFile(new URL('./undo-rmdir.root.sh', import.meta.url));
export const TREE_REMOVE = shellFile(new URL('./undo-tree.root.sh', import.meta.url));
export const OWNER_BACK = shellFile(new URL('./undo-own.root.sh', import.meta.url));
export const DIRECTORY_BACK = shellFile(new URL('./undo-directory.root.sh', import.meta.url));
export const LINK_BACK = shellFile(new URL('./undo-link.root.sh', import.meta.url));
export const UNIT_STOP = shellFile(new URL('./undo-unit.root.sh', import.meta.url));
export const UNIT_BACK = shellFile(new URL('./undo-unit-back.root.sh', import.meta.url));
export const UNITS_FORGET = shellFile(new URL('./undo-units-forget.root.sh', import.meta.url));
export const PACKAGE_REMOVE = shellFile(new URL('./undo-package.root.sh', import.meta.url));
export const PACKAGE_BACK = shellFile(new URL('./undo-package-back.root.sh', import.meta.url));
export const USER_REMOVE = shellFile(new URL('./undo-user.root.sh', import.meta.url));
export const TABLES_REMOVE = shellFile(new URL('./undo-tables.root.sh', import.meta.url));
export const CHAINS_REMOVE = shellFile(new URL('./undo-chains.root.sh', import.meta.url));
export const UNDONE_NOTE = shellFile(new URL('./undo-noted.root.sh', import.meta.url));
export const RUN_REMOVE = shellFile(new URL('./undo-run.root.sh', import.meta.url));
export const SNAPSHOT_REMOVE = shellFile(new URL('./undo-snapshot.root.sh', import.meta.url));
export const JOURNAL_REMOVE = shellFile(new URL('./undo-journal.root.sh', import.meta.url));
