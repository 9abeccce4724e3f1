/**
 * Exit codes of meshx's scripts, which `explain` turns into Problems. Shells (126 to 165), systemctl, dpkg, rpm and tar do not use this
 * range. 181 is also in the prelude (host/run/prelude.sh).
 */
export const INCOMPLETE = 181;
export const CHANGED_SINCE = 182;
export const DEPENDENCIES = 183;
export const PROGRAM_MISSING = 184;
export const NOT_IN_PACKAGE = 185;
export const PACKAGE_UNSAFE = 186;
/** A file on the machine has the format of a newer meshx. */
export const NEWER = 187;
/** Another run holds the lock of the machine; a process of a dead run is still running there. */
export const HELD = 190;
export const BUSY = 191;
