/** Of two layers that name a credential, the stronger one counts. */
export const STRENGTH = { default: 0, file: 1, environment: 2, flag: 3 } as const;
