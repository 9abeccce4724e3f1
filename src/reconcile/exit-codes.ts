/**
 * Exit codes by which a script of meshx says what went wrong; `explain` turns them into Problems. The range is one that
 * neither shells (126 to 165), nor systemctl, dpkg, rpm and tar use. 181 also stands in the prelude of host/shell.ts.
 */
export const INCOMPLETE = 181;
export const CHANGED_SINCE = 182;
export const DEPENDENCIES = 183;
export const PROGRAM_MISSING = 184;
export const NOT_IN_PACKAGE = 185;
export const PACKAGE_UNSAFE = 186;
/** A file on the machine has the format of a newer meshx. */
export const NEWER = 187;
/** Someone else holds the lock of the machine; something that a dead run left still runs there. */
export const HELD = 190;
export const BUSY = 191;
