/** The paths of passwords on each host begin with this. They reach no target. */
export const PASSWORD_PATHS = "/.postern/password/";
