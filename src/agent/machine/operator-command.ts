/** What the status tells a person to do about what root cannot put right. The agent does not know by which name the operator reaches the VM. */
export const RUN_UP = "run on the operator's machine: meshx up VM";
