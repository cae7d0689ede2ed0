/** The order of the sources of an option: a higher one overrides a lower one. */
export const PRECEDENCE = { default: 0, file: 1, environment: 2, flag: 3 } as const;
